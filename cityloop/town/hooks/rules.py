"""Pure decisions: where may be sent to, how long to wait, what an event says."""

import ipaddress
import random
from typing import Any
from urllib.parse import SplitResult, urlsplit

import msgspec

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.columns import rfc3339

SECOND = 1_000_000
FIRST_WAIT, LONGEST_WAIT = 5 * SECOND, 3600 * SECOND
GIVE_UP = 3 * 86_400 * SECOND
TYPE = "city.cityloop.case."
_encoder = msgspec.json.Encoder()


def address(text: str, *, inside: bool) -> SplitResult:
    """Read where to send to; refuse what is no plain https address. `inside` also allows http, for own networks."""
    wrong = Refusal(
        "hooks.url", "Give an https:// address without a user name, such as https://example.org/hook.", "url"
    )
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise wrong
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise wrong from None
    fine = parts.scheme == "https" or (inside and parts.scheme == "http")
    if not fine or not parts.hostname or parts.username is not None or parts.password is not None or port == 0:
        raise wrong
    return parts._replace(fragment="")


def is_public(ip: str) -> bool:
    """Tell whether an address lies in the open internet: not this machine, not a network of our own."""
    found = ipaddress.ip_address(ip.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if inner is not None and not is_public(str(inner)):
        return False
    if found.version == 6 and found in _NAT64:
        return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)))
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def wait(tries: int) -> int:
    """Give how long to wait after so many failures: doubling from 5 s to an hour, a fifth more or less by chance."""
    plain = min(FIRST_WAIT * 2 ** min(tries - 1, 20), LONGEST_WAIT)
    return round(plain * random.uniform(0.8, 1.2))  # noqa: S311 - spreading load, no secret


def event(city: str, offset: int, facts: dict[str, Any]) -> dict[str, Any]:
    """Give a step as a CloudEvent 1.0."""
    data = {**facts, "at": rfc3339(facts["at"]), "due": None if facts["due"] is None else rfc3339(facts["due"])}
    return {
        "specversion": "1.0",
        "id": str(offset),
        "source": f"urn:cityloop:{city}",
        "type": TYPE + facts["what"],
        "subject": facts["number"],
        "time": data["at"],
        "datacontenttype": "application/json",
        "data": {**data, "offset": offset, "href": f"/api/v1/cases/{facts['number']}"},
    }


def ping(city: str, at: int) -> dict[str, Any]:
    """Give the event that only tries whether the other side answers."""
    return {
        "specversion": "1.0",
        "id": f"ping-{at}",
        "source": f"urn:cityloop:{city}",
        "type": "city.cityloop.ping",
        "time": rfc3339(at),
    }


def body(said: dict[str, Any]) -> bytes:
    """Give the bytes of an event: what is signed and what is sent."""
    return _encoder.encode(said)
