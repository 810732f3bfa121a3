"""Judges and writers of reasoning."""
