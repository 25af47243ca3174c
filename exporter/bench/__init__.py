"""Measures the SavedModel and what it was converted to side by side."""
