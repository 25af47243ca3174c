"""Compares a SavedModel with the original graph, in a process of its own."""
