"""Finding cases by words: an index of our own, the same on every database, for words of any script."""
