"""TODO: one sentence: what belongs in this room."""
