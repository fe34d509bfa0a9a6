"""`lineside label`: a model's proposals for unlabelled pictures."""
