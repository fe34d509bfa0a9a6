"""From words to a head that judges."""
