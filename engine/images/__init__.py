"""Pictures as files and as pixels: read within bounds, their depth and mosaic undone, drawn over, made small."""
