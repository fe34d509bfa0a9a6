"""Industrial cameras, through harvesters, pylon or Aravis, with one set of names for their settings."""
