"""The only writers of components."""
