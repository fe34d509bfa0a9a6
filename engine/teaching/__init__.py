"""A model learnt in seconds: pictures described, a head fitted, judged on parts left out, written as a package."""
