"""A light brake on public forms: so many a visitor in so many real seconds, counted in this process."""

from django.core.cache import cache
from django.http import HttpRequest

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.persons.strangers import network


def brake(request: HttpRequest, name: str, *, most: int, seconds: int) -> None:
    """Count one more use of `name` by this visitor; refuse beyond `most`."""
    key = f"brake:{name}:{network(request.META.get('REMOTE_ADDR', ''))}"
    if cache.add(key, 1, seconds):
        return
    try:
        count = cache.incr(key)
    except ValueError:  # it ran out between the two
        count = 1
    if count > most:
        raise Refusal("web.rate", "That was very often. Please wait a few minutes; nothing is lost.")
