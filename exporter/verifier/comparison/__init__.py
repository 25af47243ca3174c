"""Compares two subjects in everything that a user can do with them."""
