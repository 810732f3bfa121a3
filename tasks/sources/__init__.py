"""Adapters of recording sources, one a file."""
