"""How often a password may be tried: for a name from one address or from all, for all names from one.

The last two are for browsers that are strange to the name alone. One that has signed in keeps so in a signed cookie,
and is counted apart: whoever tries a name from a thousand machines holds up strangers, never who works under that name.
"""

from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from cityloop.town.persons import strangers
from cityloop.town.persons.pace import Left
from cityloop.town.persons.rules import folded

TRIES = 20  # a minute, for one name from one address: nobody mistypes so often, and a list of passwords lasts for years
STRANGE = 60  # a minute, for one name from all addresses, and from one address for all names
COOKIE, SALT = "cityloop_known", "desk.known"
KEPT = 180 * 24 * 3600
NAMES = 8  # of a desk that several share

Counted = tuple[str, str, int]  # what, from where, how often a minute


def refused(request: HttpRequest) -> Left | None:
    """Count one more try; give when to come again where it is one too many."""
    for what, address, most in _counted(request):
        left = strangers.count(what, address, most)
        if left.refused:
            return left
    return None


def succeeded(request: HttpRequest, answer: HttpResponse) -> None:
    """Take back what was counted, and let this browser be known to the name.

    Only a name's own count begins anew: else whoever has an account could try those of others for ever.
    """
    (what, address, _most), *strange = _counted(request)
    strangers.forget(what, address)
    for what, address, _most in strange:
        strangers.give_back(what, address)
    kept = [_digest(request), *(one for one in _known(request) if one != _digest(request))][:NAMES]
    answer.set_cookie(
        COOKIE, signing.dumps(kept, salt=SALT), max_age=KEPT, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def _counted(request: HttpRequest) -> list[Counted]:
    name, address = _name(request), request.META.get("REMOTE_ADDR", "")
    if _digest(request) in _known(request):
        return [(f"sign-in-known:{name}", address, TRIES)]
    return [(f"sign-in:{name}", address, TRIES), (f"sign-in-name:{name}", "", STRANGE), ("sign-ins", address, STRANGE)]


def _name(request: HttpRequest) -> str:
    """Give the name as signing in reads it: else each of its many ways of writing could be tried anew."""
    return folded(request.POST.get("username", "")[:150])


def _digest(request: HttpRequest) -> str:
    """Name a name without telling it to whoever reads the cookie."""
    return salted_hmac(SALT, _name(request), algorithm="sha256").hexdigest()[:32]


def _known(request: HttpRequest) -> list[Any]:
    try:
        kept = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=KEPT)
    except signing.BadSignature:
        return []
    return kept if isinstance(kept, list) else []
