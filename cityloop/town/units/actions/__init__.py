"""The only writers of units."""
