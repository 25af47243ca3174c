"""Turns TF-Slim checkpoints of MobileNet V3 into reusable TF2 SavedModels."""

__version__ = "0.1.0"
