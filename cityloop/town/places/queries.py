"""Finding places: by what somebody typed, and by where they stand. No SQL."""

import functools
from collections.abc import Iterator
from pathlib import Path

import msgspec
import shapely
from django.conf import settings

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.places import rules
from cityloop.town.places.index import Index, Kept, Place

EDITION = 1
MEETING = 30.0  # metres between the lines of streets that cross: their ends may stop short
ASIDE = 25.0  # metres from a second street at which one stands at the crossing
NEAR = 80.0  # metres from a street at which one still stands on it
WEIGHT = 0.3  # of a direction, which a source may leave out
LONGEST = 120  # characters of a text that are read
SOME = 40  # streets looked at on each side of a crossing
Names = dict[str, str]
_kept = msgspec.msgpack.Decoder(Kept)


class Found(msgspec.Struct, frozen=True):
    """A place found: its names, of a crossing also those of the other street; where; the number of a house typed."""

    kind: str
    names: Names
    other: Names
    lon: float
    lat: float
    house: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What was found for a text, the best first; `area`: words that no place has, to be looked for in its units."""

    found: tuple[Found, ...] = ()
    area: str = ""


def there() -> bool:
    """Tell whether this city has brought streets."""
    return index() is not None


def index() -> Index | None:
    """Give the index of the file, kept until the file changes; None where there is none."""
    path = Path(settings.PLACES_FILE)
    try:
        found = path.stat()
    except OSError:
        return None
    return _opened(path, found.st_mtime_ns, found.st_size)


@functools.lru_cache(maxsize=2)
def _opened(path: Path, _changed: int, _size: int) -> Index:
    try:
        kept = _kept.decode(path.read_bytes())
    except msgspec.DecodeError as error:
        raise Refusal("places.unreadable", "{file} is not a file of places.", file=path.name) from error
    return Index(kept.places)


def search(text: str, most: int = 8) -> Iterator[Answer]:
    """Find streets, crossings and parks by what somebody typed, slips and short forms allowed. No SQL.

    Gives one answer for each way to read the text, the likeliest first: as it is, with its last words as a part of the
    city (`42 St Manhattan`), without the number of a house, and both. Who knows the units takes the first that fits.
    """
    known = index()
    if known is None or len(text.strip()) < 2:
        return
    for house, words, area in _readings(text[:LONGEST]):
        found = _looked(known, words, 5 * most if area else most, house)
        if found:
            yield Answer(found, area)


def _readings(text: str) -> list[tuple[str, str, str]]:
    """List the ways to read a text, as (house, street, part of the city)."""
    text, comma, area = (part.strip() for part in text.partition(","))
    number, rest = rules.house(text)
    found = []
    for house, street in (("", text), (number, rest))[: 2 if number else 1]:
        found.append((house, street, area))
        words = street.split()
        cuts = () if comma else (1, 2)
        found += [(house, " ".join(words[:-n]), " ".join(words[-n:])) for n in cuts if len(words) > n]
    return found


def _looked(known: Index, text: str, most: int, house: str) -> tuple[Found, ...]:
    both = rules.sides(text)
    if both:
        return _crossings(known, *both)[:most]
    return tuple(_found(known, number, house) for number in _ranked(known, text)[:most])


def _ranked(known: Index, text: str) -> list[int]:
    """Give the places that have all the telling words of a text, the best first."""
    words = rules.tokens(text)
    return (_fitting(known, words, loose=False) or _fitting(known, words, loose=True)) if words else []


def _fitting(known: Index, words: list[str], *, loose: bool) -> list[int]:
    telling = set(rules.telling(words))
    scores: dict[int, float] = {}
    kept: set[int] | None = None
    for at, word in enumerate(words):
        fits = known.having(word, begun=at == len(words) - 1, loose=loose)
        if word in telling:
            kept = set(fits) if kept is None else kept & set(fits)
            if not kept:
                return []
        weight = WEIGHT if word in rules.DIRECTIONS else 1.0
        for number, fit in fits.items():
            scores[number] = scores.get(number, 0.0) + weight * fit
    return sorted(kept or (), key=lambda n: _order(known, n, scores[n], words))


def _order(known: Index, number: int, score: float, words: list[str]) -> tuple[float, int, float]:
    """Put first what fits best and has fewest words besides, then greater streets, then longer ones."""
    besides = set(known.words[number]) - set(words)
    plain = besides & (rules.KINDS | rules.DIRECTIONS)
    lost = 0.1 * len(plain) + 0.4 * len(besides - plain)
    return round(lost - score, 2), known.places[number].rank or 9, -float(known.sizes[number])


def _found(known: Index, number: int, house: str = "") -> Found:
    place = known.places[number]
    lon, lat = known.degrees(known.middle(number))
    return Found("street" if place.rank else "park", place.names, {}, lon, lat, house)


def _crossings(known: Index, one: str, two: str) -> tuple[Found, ...]:
    """Give where a street of the one name meets a street of the other, the best names first."""
    firsts, seconds = ([n for n in _ranked(known, text) if known.places[n].rank][:SOME] for text in (one, two))
    found = []
    for first in firsts:
        others = [n for n in seconds if n != first]
        near = shapely.dwithin(known.shapes[others], known.shapes[first], MEETING) if others else ()
        found += [_crossing(known, first, n) for n, meets in zip(others, near, strict=True) if meets]
    return tuple(found)


def _crossing(known: Index, first: int, second: int) -> Found:
    meeting = shapely.intersection(known.shapes[first], known.shapes[second])
    if meeting.is_empty:
        meeting = shapely.shortest_line(known.shapes[first], known.shapes[second]).centroid
    lon, lat = known.degrees(shapely.get_parts(meeting)[0].centroid)
    one, two = known.places[first].names, known.places[second].names
    return Found("crossing", one, two, lon, lat)


def nearest(lon: float, lat: float) -> Found | None:
    """Give the street a point is on, with the one it crosses where the point is at the corner; or the park. No SQL."""
    known = index()
    if known is None:
        return None
    near: list[Place] = []
    for metres, number in known.within(known.plane(lon, lat), NEAR):
        place = known.places[number]
        if not place.rank and metres == 0 and not near:
            return Found("park", place.names, {}, lon, lat)
        again = any(place.names == other.names for other in near)
        if place.rank and not again and (not near or metres <= ASIDE):
            near.append(place)
    if not near:
        return None
    other = near[1].names if len(near) > 1 else {}
    return Found("crossing" if other else "street", near[0].names, other, lon, lat)
