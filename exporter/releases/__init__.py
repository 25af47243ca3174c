"""From a verified model to a published one."""
