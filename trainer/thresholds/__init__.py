"""`lineside thresholds`: operating points of a model on labelled parts."""
