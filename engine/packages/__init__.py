"""Model packages: the manifest, the files and their hashes, and which pictures are fit to be judged."""
