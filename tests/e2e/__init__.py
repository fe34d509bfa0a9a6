"""The program from the outside: through main(), in a window under Xvfb, as a bundle."""
