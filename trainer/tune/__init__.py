"""`lineside tune`: presets tried against each other."""
