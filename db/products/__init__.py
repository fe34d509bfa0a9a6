"""Products: what each is called and what belongs to it."""
