"""A small host for TensorFlow Hub's protocol."""
