"""Profiles: defaults for a kind of annotators, below what a configuration says itself."""
