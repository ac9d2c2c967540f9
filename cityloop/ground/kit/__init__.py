"""The plate kit: typed manifest, loader, responsibility routing."""
