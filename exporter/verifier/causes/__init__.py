"""Tries known mistakes as explanations of what differs."""
