"""Decides from what phones received and what the public API answered. It imports nothing of the service."""
