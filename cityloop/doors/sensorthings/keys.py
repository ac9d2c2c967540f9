"""Who asks: an access key as bearer, as the password of basic authentication (as clients of the standard send it).

What a key allows is remembered for a second: a device that speaks a thousand times a second is asked for it once.
So a key that has ended is good for one second more at most.
"""

import base64
import time
from collections.abc import Mapping
from typing import NamedTuple

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.orgs import authority
from cityloop.town.persons import pace
from cityloop.town.persons.queries import Access, access_of

Headers = Mapping[str, str]
FRESH = 1.0  # seconds
MOST = 1_000  # keys remembered


class _Kept(NamedTuple):
    access: Access
    reads: bool
    until: float


_kept: dict[str, _Kept] = {}


def writer(headers: Headers) -> Access:
    """Give what the key of a request allows; refuse one that is not good for `sense`. One query at most."""
    return _writes(_known(headers))


def writer_at_once(headers: Headers) -> Access | None:
    """Do the same without asking the database; None where the key is not known just now."""
    token = _token(headers)
    kept = _kept.get(token)
    if kept is None or kept.until <= time.monotonic():
        return None
    _spend(kept, token)
    return _writes(kept)


def reader(headers: Headers) -> Access:
    """Give what the key of a request allows: a device reads with its own, a program with that of a post that sees."""
    kept = _known(headers)
    if "sense" in kept.access.scopes:
        return kept.access
    if "read" not in kept.access.scopes:
        raise Refusal("sensing.key.scope", "This key is not good for this: it needs the scope {scope}.", "scope",
                      scope="read")  # fmt: skip
    if not kept.reads:
        raise Refusal("sensing.key.scope", "The posts of this key's account see nothing.", "scope")
    return kept.access


def actor(access: Access) -> Actor:
    """Give who acts with a key."""
    return Actor("source", "source", person=access.account.person_id, name=access.label or f"key {access.key}")


def _writes(kept: _Kept) -> Access:
    if "sense" not in kept.access.scopes:
        raise Refusal("sensing.key.scope", "This key is not good for this: it needs the scope {scope}.", "scope",
                      scope="sense")  # fmt: skip
    return kept.access


def _known(headers: Headers) -> _Kept:
    token, now = _token(headers), time.monotonic()
    kept = _kept.get(token)
    if kept is None or kept.until <= now:
        access = access_of(token, real_now()) if token else None
        if access is None:
            _kept.pop(token, None)
            raise Refusal("sensing.key", "Send an access key that is good; ask the city for one.", "Authorization")
        kept = _remember(token, access, now)
    _spend(kept, token)
    return kept


def _remember(token: str, access: Access, now: float) -> _Kept:
    reads = "sense" in access.scopes or (
        "read" in access.scopes and authority.scope(access.account, city_clock.now()).sees_anything()
    )
    if len(_kept) >= MOST:
        _kept.clear()
    _kept[token] = kept = _Kept(access, reads, now + FRESH)
    return kept


def _spend(kept: _Kept, token: str) -> None:
    pace.spend(kept.access.key, token, kept.access.per_minute, "Authorization")


def _token(headers: Headers) -> str:
    kind, _space, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            user, _colon, word = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return ""
        value = word or user
    elif kind.lower() != "bearer":
        value = headers.get("x-api-key", "")
    return clean(value).strip()
