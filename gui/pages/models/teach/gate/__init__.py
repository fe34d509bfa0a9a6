"""The change gate: every flipped verdict, and the signed decision."""
