"""The base map: water, parks and streets under everything else, as one PMTiles file; it has no tables."""
