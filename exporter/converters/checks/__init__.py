"""Compares what was converted with the SavedModel."""
