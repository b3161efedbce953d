"""The doors' common ground: whatever a clinic's system sends becomes one canonical event."""
