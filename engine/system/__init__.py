"""What the operating system is asked for: processes apart, memory, threads, the log."""
