"""Instants as they go in and out: RFC 3339."""

from datetime import datetime

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.columns import rfc3339


def maybe(at: int | None) -> str | None:
    """Give an instant where there is one; -1 stands for none too."""
    return None if at is None or at < 0 else rfc3339(at)


def instant(text: str, field: str) -> int:
    """Read a time with its zone, such as 2026-05-01T08:00:00Z; refuse what is none."""
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
        if found.tzinfo is None:
            raise ValueError
        at = round(found.timestamp() * 1_000_000)
    except (ValueError, OverflowError):
        raise Refusal(
            "api.time", "Give {name} as a time with its zone, such as 2026-05-01T08:00:00Z.", field, name=field
        ) from None
    return max(at, 1)
