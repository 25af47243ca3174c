"""Each format: how it is written, and how it is run. One file a format, by its name."""
