"""The Live page: picture, verdict and counts of the line."""
