"""A real city to start with."""
