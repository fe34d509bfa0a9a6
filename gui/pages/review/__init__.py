"""The Review page: stored parts are looked at and overruled."""
