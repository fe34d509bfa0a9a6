"""USB cameras that the system drives."""
