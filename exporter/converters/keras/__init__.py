"""A Keras model of a SavedModel, and how far it may be fine-tuned in its stead."""
