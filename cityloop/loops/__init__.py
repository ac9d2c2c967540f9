"""What moves and closes: the kinds of loop, one room each."""
