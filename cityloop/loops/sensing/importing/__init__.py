"""Bringing readings in from files: by a map, again and again, nothing lost and nothing doubled."""
