"""Model packages: the manifest, the files and their hashes, and what the training pictures looked like."""
