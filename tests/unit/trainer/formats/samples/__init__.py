"""Tests of what all readers give and read with."""
