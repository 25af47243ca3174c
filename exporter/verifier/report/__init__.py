"""What a verification found, and where it is kept."""
