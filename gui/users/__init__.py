"""Who works here: signing in and giving reasons."""
