"""Turns TF-Slim checkpoints into reusable TF2 SavedModels."""

__version__ = "0.1.0"
