"""The wall: the city on a large screen, read from ten metres."""
