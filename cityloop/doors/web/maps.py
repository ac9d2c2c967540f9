"""Units as GeoJSON with how many cases are open in each; cached by the version of the units and the counts."""

import functools
import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags

from cityloop.doors.web.show.names import words
from cityloop.loops.cases import queries as cases
from cityloop.town.orgs.authority import Scope
from cityloop.town.units import queries as units

MOST_OUTLINES = 600


def under(request: HttpRequest) -> str:
    """Give the unit whose parts are asked for: the city itself where none is named. Refuses an unknown one."""
    asked = request.GET.get("under", "")
    code = asked or units.scheme().path(units.unplaced_code())[0]
    return units.unit_of(code, "under").code if asked else code


@functools.lru_cache(maxsize=64)
def outlines(version: str, code: str, depth: int) -> dict[str, Any]:
    """Give the outlines of the units `depth` levels below `code`; of the finest, its own. Kept per version."""
    cut = units.scheme()
    level = min(cut.level_of(code) + depth, cut.depth)
    codes = [u.code for u in units.tree(code, level - cut.level_of(code)) if u.level == level]
    return units.units_geojson(codes[:MOST_OUTLINES])


def counts(code: str, depth: int, scope: Scope | None) -> dict[str, int]:
    """Count open cases by the units `depth` levels below `code`. One query."""
    cut = units.scheme()
    level = min(cut.level_of(code) + depth, cut.depth)
    return cases.open_by_unit(code, cut.lengths[level], scope)


Href = Callable[[str, bool], str]


def answer(request: HttpRequest, code: str, depth: int, counted: Mapping[str, int] | None, href: Href) -> HttpResponse:
    """Answer with the units as GeoJSON; not at all where the browser has it already."""
    version = units.city().units_version
    body = _body(version, code, depth, counted, href, request.GET.get("here", ""))
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


def _body(version: str, code: str, depth: int, counted: Mapping[str, int] | None, href: Href, here: str) -> bytes:
    finest = units.scheme().depth
    features = []
    for kept in outlines(version, code, depth)["features"]:
        own = kept["properties"]
        told = {"code": own["code"], "name": words(own["names"]) or own["code"], "here": own["code"] == here}
        if counted is not None:
            number = counted.get(own["code"], 0)
            told |= {
                "value": number,
                "label": str(number),
                "at": own["label"],
                "href": href(own["code"], own["level"] < finest),
            }
        features.append({**kept, "properties": told})
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def listed(code: str, counted: Mapping[str, int]) -> list[tuple[str, str, int, bool]]:
    """Give the units under `code` as (code, name, open cases, whether there are finer ones), the fullest first."""
    finest = units.scheme().depth
    rows = [(u.code, words(u.names) or u.code, counted.get(u.code, 0), u.level < finest) for u in units.children(code)]
    return sorted((r for r in rows if r[2] or not _special(r[0])), key=lambda r: (-r[2], r[0]))


def _special(code: str) -> bool:
    cut = units.scheme()
    return cut.is_rest(code) or cut.is_unplaced(code)


def crumbs(code: str) -> list[tuple[str, str]]:
    """Give the way from the city down to `code`, as (code, name). One query."""
    path = units.scheme().path(code)
    known = units.names_of(path)
    return [(part, words(known.get(part, {})) or part) for part in path]
