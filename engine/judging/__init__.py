"""One way to judge a picture, for the line and everything beside it: a model sees it, a recipe decides."""
