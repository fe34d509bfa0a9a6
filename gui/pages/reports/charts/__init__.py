"""The charts of the Reports page."""
