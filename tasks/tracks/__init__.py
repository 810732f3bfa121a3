"""Trackers of measured evidence over whole recordings, one a file."""
