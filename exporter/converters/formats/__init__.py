"""Each format: how it is written, and how it is run. One file a format, or one for those alike."""
