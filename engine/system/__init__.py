"""What the operating system is asked for: files, places, processes apart, threads, their mailbox, memory, the log."""
