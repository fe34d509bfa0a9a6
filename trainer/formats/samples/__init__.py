"""What all readers give, and what they read with: samples, pictures, masks, outlines."""
