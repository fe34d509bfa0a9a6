"""Small charts drawn by hand."""
