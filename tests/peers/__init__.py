"""Programs at the other end of the cable: cameras and servers that the tests start, freeze and kill."""
