"""What a draft of a recipe would have said of stored parts."""
