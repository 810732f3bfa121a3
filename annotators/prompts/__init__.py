"""Prompts, one text file each."""
