"""Logs, the media cache and releases: write once, verify, open by version."""
