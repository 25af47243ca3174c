"""Turns TF-Slim checkpoints of MobileNet V3 into reusable TF2 SavedModels."""
