"""Taking turns: what must not be done by two at once, though no row stands for it that could be locked."""

from collections.abc import Iterable

from django.db import connection


def one_after_another(names: Iterable[str]) -> None:
    """Wait until nobody else holds these names, and hold them until the transaction ends.

    They are asked for in their order, so that no two wait for each other; what is read after it sees what the one
    before committed. SQLite lets one write at a time anyway.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for name in sorted(names):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
