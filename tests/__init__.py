"""Tests: unit/ and gui/ mirror the packages, db/ on real SQLite, e2e/ through main(), benchmarks/ for `make bench`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""
