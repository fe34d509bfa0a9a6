"""From a prediction and a recipe to a verdict and its reasons."""
