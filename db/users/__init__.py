"""Who works here, what was done, and which alarms were acknowledged."""
