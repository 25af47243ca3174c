"""The rules of TensorFlow Hub's interface, which a SavedModel keeps or breaks."""
