"""Who asks: an access key as bearer, as the password of basic authentication (as clients of the standard send it)."""

import base64

from django.http import HttpRequest

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.orgs import authority
from cityloop.town.persons import pace
from cityloop.town.persons.queries import Access, access_of


def writer(request: HttpRequest) -> Access:
    """Give what the key of a request allows; refuse one that is not good for `sense`. One query."""
    access = _access(request)
    if "sense" not in access.scopes:
        raise Refusal("sensing.key.scope", "This key is not good for this: it needs the scope {scope}.", "scope",
                      scope="sense")  # fmt: skip
    return access


def reader(request: HttpRequest) -> Access:
    """Give what the key of a request allows: a device reads with its own, a program with that of a post that sees."""
    access = _access(request)
    if "sense" in access.scopes:
        return access
    if "read" not in access.scopes:
        raise Refusal("sensing.key.scope", "This key is not good for this: it needs the scope {scope}.", "scope",
                      scope="read")  # fmt: skip
    if not authority.scope(access.account, city_clock.now()).sees_anything():
        raise Refusal("sensing.key.scope", "The posts of this key's account see nothing.", "scope")
    return access


def actor(access: Access) -> Actor:
    """Give who acts with a key."""
    return Actor("source", "source", person=access.account.person_id, name=access.label or f"key {access.key}")


def _access(request: HttpRequest) -> Access:
    token = _token(request)
    access = access_of(token, real_now()) if token else None
    if access is None:
        raise Refusal("sensing.key", "Send an access key that is good; ask the city for one.", "Authorization")
    pace.spend(access.key, token, access.per_minute, "Authorization")
    return access


def _token(request: HttpRequest) -> str:
    kind, _space, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            user, _colon, word = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return ""
        value = word or user
    elif kind.lower() != "bearer":
        value = request.headers.get("X-Api-Key", "")
    return clean(value).strip()
