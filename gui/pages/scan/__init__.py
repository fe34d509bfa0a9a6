"""The Scan page: a folder or video is judged as a batch."""
