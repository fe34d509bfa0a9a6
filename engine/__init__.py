"""Frames in, inspections out. Knows no Qt, no SQLAlchemy and no trainer."""
