"""Extractors of measured evidence, one a file."""
