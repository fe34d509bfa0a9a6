"""The Reports page: figures of a span of time."""
