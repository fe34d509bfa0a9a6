"""The registry of model packages and which of them is active."""
