"""What the house promises of its own shape, checked in lint."""
