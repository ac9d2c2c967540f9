"""Places people name: streets, their crossings and parks, as one file beside the base map; it has no tables."""
