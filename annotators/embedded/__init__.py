"""Voters that need no weights and no GPU."""
