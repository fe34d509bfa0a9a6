"""The loop: read, infer, decide, record, publish, and what watches over it."""
