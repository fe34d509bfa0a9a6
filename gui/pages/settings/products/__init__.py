"""The products of the station in Settings: the list, and what is done with one."""
