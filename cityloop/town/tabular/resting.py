"""Between two pages of a long answer: no connection is kept that other visitors may wait for."""

from django.db import connection


def rest() -> None:
    """Give the connection back to its pool, where it has one; within a transaction it stays."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
