"""The same model in other formats, one file a format."""
