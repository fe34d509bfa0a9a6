"""What is kept: inspections, pictures, models, users; the one user of SQLAlchemy."""
