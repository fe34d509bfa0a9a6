"""What a scan found, and its export."""
