"""The command line's work that needs the database: run, scan, models, export, verify."""
