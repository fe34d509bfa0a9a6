"""`lineside learn`: a model of a data set in seconds, on the frozen backbone; needs no torch."""
