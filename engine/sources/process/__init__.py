"""A source in a process of its own, which can be killed, and the ring its frames come through."""
