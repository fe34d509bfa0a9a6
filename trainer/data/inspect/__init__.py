"""`lineside data inspect`: what is wrong with a data set."""
