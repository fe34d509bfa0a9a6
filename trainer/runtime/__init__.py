"""What a long run needs: progress, curves, interruption, memory that is full."""
