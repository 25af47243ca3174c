"""Small servers that speak the protocols of the hosts that releases are published to."""
