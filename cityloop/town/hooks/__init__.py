"""Webhooks: an account's programs are told of steps it may see, signed, in order, at least once."""
