"""Teaching: a plan of what was corrected, the training, its outcome."""
