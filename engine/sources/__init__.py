"""Where frames come from, one room a kind; each is opened by its address and brought back by its supervisor."""
