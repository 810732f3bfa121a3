"""What each server's own environment is made of: pinned requirements, one file a server."""
