"""Measures a reference's own float noise."""
