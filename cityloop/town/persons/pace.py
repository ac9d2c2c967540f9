"""How often a key may ask: so many requests in each minute of real time, counted in this process."""

from django.core.cache import cache

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.columns import real_now
from cityloop.town.persons.queries import Access

MINUTE = 60_000_000


def spend(access: Access) -> None:
    """Count one more request of a key; refuse beyond its number a minute."""
    name = f"pace:{access.key}:{real_now() // MINUTE}"
    if cache.add(name, 1, 120):
        return
    try:
        count = cache.incr(name)
    except ValueError:  # it was thrown out between the two
        count = 1
    if count > access.per_minute:
        raise Refusal(
            "persons.key.pace",
            "This key has made its {most} requests of this minute; go on in the next.",
            "api_key",
            most=access.per_minute,
        )
