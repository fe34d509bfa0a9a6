"""One way to judge a picture: a model sees it, a recipe decides. The line and everything beside it ask here."""
