"""Pictures as files and as pixels: read within bounds, measured, drawn over."""
