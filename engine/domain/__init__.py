"""The words of the house as frozen types, from a frame to its inspection; imports nothing of Lineside."""
