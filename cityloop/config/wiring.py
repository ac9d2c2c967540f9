"""The one page on which every binding between rooms stands.

A *fact* of a room goes out as an event, and HANDLERS says who hears it. An *answer* that a room needs
from a sibling is a Protocol in its `ports.py`, and PORTS says who gives it. Nothing else binds rooms.
"""

from collections.abc import Callable
from typing import Any

# Raw ASGI routes, for what stays open or floods; all else is Django. A path ending in "/" takes all below it.
#   "/live/": live.app
RAW_ROUTES: dict[str, Callable[..., Any]] = {}

# Event class → the functions called with each event after commit, in this order, at least once.
#   cases.events.Closed: (notices.tasks.tell_reporter, ...)
HANDLERS: dict[type, tuple[Callable[..., Any], ...]] = {}

# Protocol → the object that answers it.
#   services.ports.Grants: sharing.queries.grants
PORTS: dict[type, Any] = {}

# What the steward does again and again: (name, every so many seconds, "module:function").
#   ("sweep", 5, "cityloop.town.worklist.tasks:sweep")
STEWARD: list[tuple[str, float, str]] = []

# Functions (request) → dict for every page, as "module:function": the city's name, the banner of a replay.
#   {"city_name": "New York City", "banner": {"kind": "replay", "words": "..."}}
PAGE_FACTS: list[str] = []
