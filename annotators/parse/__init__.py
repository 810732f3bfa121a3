"""From a model's reply to a label, or to an abstention with its reason."""
