"""What a person fills in: fields that the wheel scrolls past, and rows of a word, a field and what is wrong with it."""
