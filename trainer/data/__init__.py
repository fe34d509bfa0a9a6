"""What is trained on: the material of a training, its prepared pictures, the challenge set that is kept out."""
