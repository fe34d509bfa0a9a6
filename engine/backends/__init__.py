"""What runs a model: OpenVINO on the station, torch where a map has to be explained."""
