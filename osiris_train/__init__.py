"""OSIRIS: features, model, memory, training and evaluation; reads releases only."""
