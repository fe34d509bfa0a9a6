"""Figures of many verdicts: shares, charts, shifts, costs."""
