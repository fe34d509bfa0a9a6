"""Tests without a window and without a database, a folder a room of the product."""
