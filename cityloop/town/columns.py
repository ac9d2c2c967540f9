"""Column types shared by all rooms: instants, ids and codes; and what time it really is."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models import Q


class InstantField(models.BigIntegerField):
    """An instant: microseconds since 1970-01-01 UTC (int64)."""


def real_now() -> int:
    """Give the real time as an instant, whatever a demo's city clock says: for `recorded_at`, seals, keys."""
    return time.time_ns() // 1000


def rfc3339(at: int) -> str:
    """Give an instant as RFC 3339 in UTC, to the microsecond: `2026-05-01T08:00:00.000000Z`."""
    return datetime.fromtimestamp(at / 1_000_000, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class RowIdField(models.BigAutoField):
    """The id of rows that nothing outside names: on SQLite without AUTOINCREMENT, whose book-keeping costs each insert.

    SQLite then gives the greatest id in the table plus one; PostgreSQL its sequence, as ever.
    """

    def db_type_suffix(self, connection: Any) -> str | None:
        return None if connection.vendor == "sqlite" else super().db_type_suffix(connection)


class CodeField(models.CharField):
    """A code compared byte by byte, so that a half-open range on a B-tree means "under"."""

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        params = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            params["collation"] = "C"
        return params


LAST = "\U0010ffff"
SURROGATES = range(0xD800, 0xE000)  # they are no characters


def under(field: str, code: str) -> Q:
    """Select `code` itself and everything below it: a half-open range, served by a B-tree.

    An empty code stands for the whole city and selects all.
    """
    if not code:
        return Q()
    return Q(**{f"{field}__gte": code, f"{field}__lt": after(code)})


def of_source(source: str, keys: Sequence[str]) -> Q:
    """Select rows that a file brought, by its name and their keys in it.

    The index of both leaves out what no file brought; SQLite uses it only where the question says so too, and else
    reads the whole table for each handful of keys.
    """
    return Q(source=source, source_key__in=keys) & ~Q(source="")


def after(code: str) -> str:
    """Give the smallest text greater than every text that begins with `code`; the code where there is none."""
    kept = code.rstrip(LAST)
    if not kept:
        return code
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(following if following != SURROGATES.start else SURROGATES.stop)
