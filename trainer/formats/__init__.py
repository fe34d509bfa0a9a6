"""Which data set format a folder has, and the two of the house: Lineside's own and the demo line."""
