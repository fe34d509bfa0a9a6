"""What the line judges its parts for, and from which source: said on Live where it is not plain production."""
