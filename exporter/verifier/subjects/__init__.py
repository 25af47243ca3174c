"""What is compared: a SavedModel, or the original graph, behind one protocol."""
