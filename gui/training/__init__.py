"""The trainer as a process, and its curve."""
