"""Picture data to pixels: every one of them as it was stored, or none and the reason."""
