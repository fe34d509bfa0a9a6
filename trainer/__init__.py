"""A separate program: data set in, model package out; knows the engine, never db or gui."""
