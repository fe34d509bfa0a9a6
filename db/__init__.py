"""What is kept: inspections, overrides, pictures and model versions, in SQLite and beside it."""
