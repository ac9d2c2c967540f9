"""Where people and machines come in: pages, APIs, command line."""
