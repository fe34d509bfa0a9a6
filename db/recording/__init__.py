"""What a station records with: the row first, then its picture."""
