"""What a layer may be: each thing that is wrong is refused by the name of its field."""

import math
import re
from collections.abc import Mapping
from datetime import date
from urllib.parse import SplitResult, urlsplit

from cityloop.ground.codes.tiles import DEEPEST, LIMIT, Box
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural

KEY = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")
PLACES = frozenset({"z", "x", "y"})
WRITTEN = "{z} {x} {y}"
LONGEST = 1000
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_HERE = ("localhost", "127.0.0.1")


def key(text: str) -> str:
    """Read the key of a layer."""
    if not KEY.fullmatch(text):
        raise Refusal("imagery.key", "A key has small letters, digits and . _ - alone, up to 60.", "key")
    return text


def names(given: Mapping[str, str]) -> dict[str, str]:
    """Read the names of a layer: in one language at least."""
    found = {lang: words.strip()[:120] for lang, words in given.items() if words.strip()}
    if not found:
        raise Refusal("imagery.names", "Give the layer a name.", "names")
    return found


def template(text: str) -> str:
    """Read the address of tiles: https, one host, {z}, {x} and {y} each once."""
    address = host_of(text.strip(), "address").geturl()
    found = re.findall(r"\{([^{}]*)\}", address)
    if unknown := next((name for name in found if name not in PLACES), None):
        raise Refusal(
            "imagery.template.unknown",
            "{name} is not filled in here; write one host, and {places} alone.",
            "address",
            name=f"{{{unknown}}}",
            places=WRITTEN,
        )
    if set(found) != PLACES or len(found) != len(PLACES):
        raise Refusal("imagery.template", "The address of a tile has {places}, each once.", "address", places=WRITTEN)
    return address


def host_of(address: str, field: str) -> SplitResult:
    """Read an address that browsers may be sent to: https and a plain host; http on this machine alone."""
    wrong = Refusal("imagery.address", "Give an https:// address without a user name.", field)
    if (
        not address.isascii()
        or not address.isprintable()
        or len(address) > LONGEST
        or re.search(r"[\s\\;,'\"]", address)
    ):
        raise wrong
    try:
        parts = urlsplit(address)
        _port = parts.port
    except ValueError:
        raise wrong from None
    plain = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    if not plain or parts.username is not None or parts.fragment or not _HOST.fullmatch(parts.hostname or ""):
        raise wrong
    return parts._replace(netloc=parts.netloc.lower())


def origin(address: str) -> str:
    """Give the one origin that a browser asks for the tiles of a template."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def taken(first: date, last: date, today: date) -> tuple[date, date]:
    """Read when it was taken: on one day or between two, none of them yet to come."""
    if last < first:
        raise Refusal("imagery.taken.order", "The last day lies before the first.", "taken_to")
    for day, field in ((first, "taken_from"), (last, "taken_to")):
        if day > today:
            raise Refusal("imagery.taken.future", "This day is yet to come; nothing was taken then.", field)
    return first, last


def day(text: str, field: str) -> date:
    """Read a day as it is written everywhere: 2026-09-14."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Refusal("imagery.taken", "Write the day as 2026-09-14.", field) from None


def box(given: Box) -> Box:
    """Read the edges of a layer in degrees."""
    west, south, east, north = given
    if not all(math.isfinite(edge) for edge in given):
        raise Refusal("imagery.bounds", "West, south, east and north are numbers of degrees.", "bounds")
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        raise Refusal("imagery.bounds.range", "Longitudes go from -180 to 180, latitudes from -90 to 90.", "bounds")
    if west >= east or south >= north:
        raise Refusal(
            "imagery.bounds.swapped", "Write west, south, east, north: west below east, south below north.", "bounds"
        )
    return west, max(south, -LIMIT), east, min(north, LIMIT)


def zooms(shallowest: int, deepest: int) -> tuple[int, int]:
    """Read from which zoom to which there are tiles."""
    if not 0 <= shallowest <= DEEPEST:
        raise Refusal("imagery.zoom", "A zoom is a number from 0 to {deepest}.", "zooms", deepest=DEEPEST)
    if not shallowest <= deepest <= DEEPEST:
        raise Refusal(
            "imagery.zoom.order", "The deepest zoom is from {shallowest}, the shallowest, to {deepest}.", "zooms",
            shallowest=shallowest, deepest=DEEPEST,
        )  # fmt: skip
    return shallowest, deepest


def level(public: bool, wanted: int) -> int:
    """Read who may look: everybody, or posts up to a confidentiality."""
    if wanted not in range(4):
        raise Refusal("imagery.level", "The level is 0 to 3.", "level")
    if public and wanted:
        raise Refusal("imagery.level.public", "What everybody may see is not confidential: its level is 0.", "level")
    return wanted


def edges(text: str) -> Box:
    """Read edges as they are typed: west, south, east, north, with commas between."""
    try:
        west, south, east, north = (float(part) for part in re.split(r"[,，]", text))
    except ValueError:
        raise Refusal("imagery.bounds", "West, south, east and north are numbers of degrees.", "bounds") from None
    return box((west, south, east, north))


def span(text: str) -> tuple[int, int]:
    """Read zooms as they are typed: `10-19`."""
    low, _dash, high = text.replace("–", "-").partition("-")
    first, last = natural(low.strip()), natural(high.strip())
    if first is None or last is None:
        raise Refusal("imagery.zooms", "Write the zooms as 10-19.", "zooms")
    return zooms(first, last)
