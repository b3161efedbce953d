"""Three weeks of one clinic, told through the public doors."""
