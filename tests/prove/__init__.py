"""What takes too long for every change, in shards that go on where they stopped, for `make prove`."""
