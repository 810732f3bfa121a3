"""How models are asked: an OpenAI-compatible server, a sidecar, or in this process."""
