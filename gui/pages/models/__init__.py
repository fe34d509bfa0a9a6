"""The Models page: packages, which one is active, import."""
