"""Models that run: OpenVINO by default, torch where it is installed and asked for."""
