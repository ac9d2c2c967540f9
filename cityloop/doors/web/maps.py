"""The map of units: which unit, shaded by what, as it was when; its outlines as GeoJSON, sent once."""

import functools
import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags
from django.utils.translation import gettext as _

from cityloop.doors.web.show.names import words
from cityloop.loops.cases import onmap
from cityloop.loops.cases.onmap import Counted
from cityloop.town.ledger.queries import newest
from cityloop.town.orgs.authority import Scope
from cityloop.town.units import queries as units

MOST_OUTLINES = 600  # of a map that looks several levels down
NOTHING = Counted(0, 0)
FEW_HEADS = 100  # a park or an airport has no rate by head
FRESH = 5_000_000
SQUARE_KM = 1_000_000
MEASURES = ("open", "over", "density", "head")
THOUSAND = 1_000


class Size(NamedTuple):
    """How large a unit is: in square kilometres, and in heads where that is known."""

    km2: float
    heads: float | None


NO_SIZE = Size(0.0, None)


def under(request: HttpRequest) -> str:
    """Give the unit whose parts are asked for: the city itself where none is named. Refuses an unknown one."""
    asked = request.GET.get("under", "")
    code = asked or units.scheme().path(units.unplaced_code())[0]
    return units.unit_of(code, "under").code if asked else code


def measure(request: HttpRequest) -> str:
    """Give what units are shaded by: the open cases where the address names nothing known."""
    asked = request.GET.get("by", "")
    return asked if asked in {name for name, _words in named()} else MEASURES[0]


def named() -> list[tuple[str, str]]:
    """List the measures with their names; by head only where the city has said how many live where."""
    plain = [("open", _("Open")), ("over", _("Overdue")), ("density", _("Open per km²"))]
    return [*plain, ("head", _("Open per 1,000 inhabitants"))] if peopled(units.city().units_version) else plain


def legends() -> list[tuple[str, str]]:
    """List the measures with what the legend says of them."""
    return [("open", _("Open cases")), ("over", _("Overdue cases")), ("density", _("Open cases per km²")),
            ("head", _("Open cases per 1,000 inhabitants"))]  # fmt: skip


@functools.lru_cache(maxsize=8)
def peopled(version: str) -> bool:
    """Tell whether it is known how many live in the city. One query for each version of the units."""
    return bool(units.root().population)


@functools.lru_cache(maxsize=64)
def outlines(version: str, code: str, depth: int) -> dict[str, Any]:
    """Give the outlines of the units `depth` levels below `code`; of the finest, its own. Kept per version."""
    found = units.outlines(code, level_below(version, code, depth))
    kept = units.geojson(found)
    for feature, shape in zip(kept["features"], found, strict=True):
        feature["properties"]["size"] = Size(shape.unit.area_m2 / SQUARE_KM, shape.unit.population)
    return kept


@functools.lru_cache(maxsize=256)
def level_below(version: str, code: str, depth: int) -> int:
    """Give the level `depth` levels below a unit, the finest at most; a higher one where those were too many to draw.

    What is directly below is drawn whole, however many: a map that left some out would hide what is open there.
    """
    cut = units.scheme()
    level = min(cut.level_of(code) + depth, cut.depth)
    if depth > 1 and units.number_drawn(code, level) > MOST_OUTLINES:
        return level_below(version, code, depth - 1)
    return level


def counts(code: str, depth: int, scope: Scope | None, now: int, at: int | None = None) -> dict[str, Counted]:
    """Count open cases by the units `depth` levels below `code`, now or as it was at `at`. One query, or two."""
    width = units.scheme().lengths[level_below(units.city().units_version, code, depth)]
    if at is None:
        return onmap.by_unit(code, width, scope, now)
    return onmap.by_unit_at(code, width, scope, at)


def counts_for_all(code: str, depth: int, now: int) -> dict[str, Counted]:
    """Count for everybody, who all see the same: at most once between two steps of the city, or in five seconds."""
    return _for_all(units.city().units_version, code, depth, newest(), now // FRESH)


@functools.lru_cache(maxsize=256)
def _for_all(_version: str, code: str, depth: int, _step: int, moment: int) -> dict[str, Counted]:
    return counts(code, depth, None, (moment + 1) * FRESH)


Href = Callable[[str, bool], str]


def answer(
    request: HttpRequest, code: str, depth: int, counted: Mapping[str, Counted] | None, href: Href
) -> HttpResponse:
    """Answer with the units as GeoJSON, or `numbers` alone; with nothing where the browser has it already."""
    version, by = units.city().units_version, measure(request)
    if counted is not None and "numbers" in request.GET:
        body = _numbers(version, code, depth, counted, by)
    else:
        body = _body(version, code, depth, counted, href, by, request.GET.get("here", ""))
    tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    fresh = tag in parse_etags(request.headers.get("If-None-Match", ""))
    small = "gzip" in request.headers.get("Accept-Encoding", "") and not fresh
    sent = b"" if fresh else gzip.compress(body, 6) if small else body
    reply = HttpResponse(sent, status=304 if fresh else 200, content_type="application/geo+json")
    if small:
        reply["Content-Encoding"] = "gzip"
    reply["ETag"] = tag
    reply["Cache-Control"] = "private, no-cache"
    reply["Vary"] = "Cookie, Accept-Language, Accept-Encoding"
    return reply


def _body(
    version: str, code: str, depth: int, counted: Mapping[str, Counted] | None, href: Href, by: str, here: str
) -> bytes:
    finest = units.scheme().depth
    features = []
    for kept in outlines(version, code, depth)["features"]:
        own = kept["properties"]
        told = {"code": own["code"], "name": words(own["names"]) or own["code"], "here": own["code"] == here}
        if counted is not None:
            count = counted.get(own["code"], NOTHING)
            value = shade(by, count, own["size"])
            told |= {"open": count.open, "over": count.over, "value": value, "label": f"{value:,}", "at": own["label"]}
            told["href"] = href(own["code"], own["level"] < finest)
        features.append({**kept, "properties": told})
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def _numbers(version: str, code: str, depth: int, counted: Mapping[str, Counted], by: str) -> bytes:
    sizes = {f["properties"]["code"]: f["properties"]["size"] for f in outlines(version, code, depth)["features"]}
    values = {own: shade(by, count, sizes.get(own, NO_SIZE)) for own, count in counted.items()}
    told = {own: {**c._asdict(), "value": values[own], "label": f"{values[own]:,}"} for own, c in counted.items()}
    return json.dumps({"total": total(counted.values())._asdict(), "units": told}).encode()


def shade(by: str, count: Counted, size: Size) -> float:
    """Give the number a unit is shaded by; of few heads none is made: where a hundred live, one case tells nothing."""
    if by == "density":
        return rounded(count.open / size.km2) if size.km2 > 0 else 0
    if by == "head":
        return rounded(count.open * THOUSAND / size.heads) if size.heads and size.heads >= FEW_HEADS else 0
    return count.over if by == "over" else count.open


def rounded(value: float) -> float:
    """Give a number by its two leading figures."""
    return float(f"{value:.2g}")


@dataclass(frozen=True, slots=True)
class Row:
    """A unit in the list beside the map, which says all that the map does."""

    code: str
    name: str
    open: int
    over: int
    value: float
    finer: bool


def listed(code: str, counted: Mapping[str, Counted], by: str = "open") -> list[Row]:
    """Give the units under `code` as rows, the darkest on the map first. One query."""
    finest = units.scheme().depth
    rows = [_row(u, counted.get(u.code, NOTHING), by, finest) for u in units.children(code)]
    return sorted((r for r in rows if r.open or not _special(r.code)), key=lambda r: (-r.value, -r.open, r.code))


def _row(unit: Any, count: Counted, by: str, finest: int) -> Row:
    value = shade(by, count, Size(unit.area_m2 / SQUARE_KM, unit.population))
    return Row(unit.code, words(unit.names) or unit.code, count.open, count.over, value, unit.level < finest)


def total(counted: Iterable[Counted]) -> Counted:
    """Add counts up."""
    found = list(counted)
    return Counted(sum(c.open for c in found), sum(c.over for c in found))


def _special(code: str) -> bool:
    cut = units.scheme()
    return cut.is_rest(code) or cut.is_unplaced(code)


def crumbs(code: str) -> list[tuple[str, str]]:
    """Give the way from the city down to `code`, as (code, name). One query."""
    path = units.scheme().path(code)
    known = units.names_of(path)
    return [(part, words(known.get(part, {})) or part) for part in path]
