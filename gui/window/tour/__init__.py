"""The guided start: its steps, the card that says them, and what ties both to the window."""
