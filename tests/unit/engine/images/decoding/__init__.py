"""Decoding: whole or refused."""
