"""Who asks: an access key in the form, the address or a header."""

from django.http import HttpRequest

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.orgs import authority
from cityloop.town.orgs.authority import NOBODY, Scope
from cityloop.town.persons import pace
from cityloop.town.persons.queries import Access, access_of


def is_named(request: HttpRequest) -> bool:
    """Tell whether a request shows a key, right or wrong: what it is answered belongs into nobody's cache."""
    return "api_key" in request.GET or "X-Api-Key" in request.headers or "Authorization" in request.headers


def key_of(request: HttpRequest, given: str = "") -> Access | None:
    """Give what the key sent allows, None where none was sent; refuse a wrong one. One query where one was."""
    bearer = request.headers.get("Authorization", "")
    bearer = bearer[7:] if bearer[:7].lower() == "bearer " else ""
    token = clean(given or request.GET.get("api_key", "") or request.headers.get("X-Api-Key", "") or bearer).strip()
    if not token:
        return None
    access = access_of(token, real_now())
    if access is None:
        raise Refusal("open311.key", "This access key is wrong or has ended; ask the city for another.", "api_key")
    pace.spend(access.key, token, access.per_minute, "api_key")
    return access


def reporting_key(request: HttpRequest, given: str) -> Access:
    """Give the key that sends a report; refuse none, and one that is not good for reports. One query."""
    access = key_of(request, given)
    if access is None:
        raise Refusal("open311.key", "Send an access key; ask the city for one.", "api_key")
    if "report" not in access.scopes:
        raise Refusal("open311.key.scope", "This access key is not good for sending reports.", "api_key")
    return access


def scope_of(request: HttpRequest) -> Scope:
    """Give what a reader may see: a stranger's scope without a key that is good for reading. Two queries with one."""
    access = key_of(request)
    if access is None or "read" not in access.scopes:
        return NOBODY
    return authority.scope(access.account, city_clock.now())
