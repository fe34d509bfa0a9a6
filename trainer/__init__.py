"""A separate program: data set in, model package out."""
