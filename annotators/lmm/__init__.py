"""Large multimodal models as voters."""
