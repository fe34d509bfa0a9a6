"""What a long run needs: progress, interruption, memory that is full."""
