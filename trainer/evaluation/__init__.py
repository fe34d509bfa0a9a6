"""How good a model is: figures, intervals, robustness, and the page that shows them."""
