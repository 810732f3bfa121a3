"""Prefect wiring and the osmo command line."""
