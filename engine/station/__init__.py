"""The loop: read, infer, decide, record, publish; what it is made of and what watches over it."""
