"""Where releases are published to, one file a kind of place."""
