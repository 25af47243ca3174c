"""What tests share: makers of models, releases and reports, and hosts on the loopback."""
