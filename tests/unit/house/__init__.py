"""What the house itself promises: ceilings, versions, silence."""
