"""What is trained on: prepared pictures and the challenge set."""
