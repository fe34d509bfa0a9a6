"""Where frames come from: one file per kind, all behind the FrameSource protocol."""
