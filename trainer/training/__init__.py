"""The loop that trains, its losses, stages and validation."""
