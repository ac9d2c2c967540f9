"""Pages of the desk door."""
