"""From a frame to what the model sees: the part found, cut out, put on the input's size; and the golden picture."""
