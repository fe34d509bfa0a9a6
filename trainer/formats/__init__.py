"""One reader per data set layout; all give the same Dataset."""
