"""Backends of the sidecar: one model each."""
