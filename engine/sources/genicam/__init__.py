"""Industrial cameras: one core and one set of setting names; harvesters, pylon and Aravis in their own ways."""
