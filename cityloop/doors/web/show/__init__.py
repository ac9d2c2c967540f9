"""How things look on any page: pure functions from facts to what a template prints."""
