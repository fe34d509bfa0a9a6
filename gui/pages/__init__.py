"""The pages, a room each; no page knows another."""
