"""Servers for models: a sidecar for research models, a launcher for vLLM."""
