"""Looking for a place in words: parts of the city, streets, crossings and parks; and naming the place of a point."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web.guards import city_page
from cityloop.doors.web.public.about import looked_for
from cityloop.doors.web.rate import brake
from cityloop.doors.web.show import names
from cityloop.doors.web.show.acting import said
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.town.places import queries as places
from cityloop.town.places import rules
from cityloop.town.units import queries as units

MOST = 8
SEARCHES, WITHIN = 1_200, 600  # a network of many people who type
CODE = "component:"  # what a button that chooses a component sends, before its code
WIDE = 3  # how many units a result names, from the widest down
ICONS = {"unit": "hierarchy", "street": "map-pin", "crossing": "map-pin", "park": "trees"}
Path = list[tuple[str, dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place found, as printed: what it is called, where that is in words, and what choosing it sets."""

    icon: str
    name: str
    where: str
    lon: str
    lat: str
    unit: str
    look: str
    address: str
    component: str = ""

    @property
    def value(self) -> str:
        """Give what a button that chooses this place sends."""
        if self.component:
            return CODE + self.component
        return " ".join([self.lon or "-", self.lat or "-", self.unit or "-", self.address])

    @property
    def query(self) -> str:
        """Give what a link that begins a report here carries."""
        if self.component:
            return urlencode({"component": self.component})
        told = {"lon": self.lon, "lat": self.lat, "unit": self.unit, "address": self.address}
        return urlencode({**{name: value for name, value in told.items() if value}, "do": "where"})


def chosen(value: str) -> dict[str, str]:
    """Read what a button that chooses a place sent."""
    if value.startswith(CODE):
        return {**dict.fromkeys(("lon", "lat", "unit", "address", "place"), ""), "component": value.removeprefix(CODE)}
    lon, lat, unit, address = [*value.split(" ", 3), "", "", "", ""][:4]
    told = {"lon": lon, "lat": lat, "unit": unit}
    told = {name: "" if text == "-" else text for name, text in told.items()}
    return {**told, "address": address, "place": "", "component": ""}


@require_safe
@city_page
def search(request: HttpRequest) -> HttpResponse:
    """Give the places that fit what somebody is typing, as a part of a page; none to who asks too often."""
    text = clean(request.GET.get("q", ""))[:120]
    try:
        brake(request, "places", most=SEARCHES, seconds=WITHIN)
    except Refusal as refusal:
        return HttpResponse(said(refusal), status=429, content_type="text/plain; charset=utf-8")
    more = {"spots": found(text), "links": request.GET.get("as") == "links", "text": text}
    answer = render(request, "public/report/spots.html", more)
    answer["Cache-Control"] = "private, max-age=60"
    answer["Vary"] = "Cookie, Accept-Language"
    return answer


def found(text: str) -> list[Spot]:
    """Give the places that fit a text: units called so, then streets and parks, then others. Up to five queries."""
    if not text.strip():
        return []
    one = looked_for(text)
    if one is not None:
        where, lon, lat = _words(names.path(one.unit)), f"{one.lon:.6f}", f"{one.lat:.6f}"
        return [Spot("tag", one.title, where, lon, lat, "", f"{lon},{lat}", "", one.code)]
    parts = _units(text)
    streets = _streets(text)
    begun = [spot for spot in parts if spot.name.casefold().startswith(text.strip().casefold())][:2]
    rest = [spot for spot in parts if spot not in begun]
    return [*begun, *streets, *rest][:MOST]


def _units(text: str) -> list[Spot]:
    rows = units.search(text, MOST)
    paths = units.paths_of(unit.code for unit in rows)
    return [
        Spot("hierarchy", names.words(u.names) or u.code, _words(paths[u.code][:-1]), "", "", u.code,
             f"{u.lon:.6f},{u.lat:.6f}" if u.lon is not None and u.lat is not None else "", "")
        for u in rows
    ]  # fmt: skip


def _streets(text: str) -> list[Spot]:
    """Take the first way to read a text for which there is a place, in the part of the city that it names."""
    for answer in places.search(text, MOST):
        spots = _placed(answer, text)
        if spots:
            return spots
    return []


def _placed(answer: places.Answer, text: str) -> list[Spot]:
    codes = [_located(one.lon, one.lat) for one in answer.found]
    paths = units.paths_of(code for code in codes if code)
    wanted, spots = rules.tokens(answer.area), dict[tuple[str, str], Spot]()
    for one, code in zip(answer.found, codes, strict=True):
        path = paths.get(code, [])
        if _has(path, wanted):
            spot = _spot(one, path, text)
            spots.setdefault((spot.name, spot.where), spot)
    return list(spots.values())[:MOST]


def _located(lon: float, lat: float) -> str:
    return units.locate(lon, lat) or ""


def _has(path: Path, wanted: Iterable[str]) -> bool:
    """Tell whether a path of units has all these words, the last of which may not be typed to its end."""
    words = [word for _code, told in path for name in told.values() for word in rules.tokens(name)]
    return all(any(word.startswith(part) for word in words) for part in wanted)


def _spot(one: places.Found, path: Path, text: str) -> Spot:
    name = named(one)
    typed = text.partition(",")[0].strip()
    shown = f"{one.house} {name}" if one.house else name
    address = typed if one.house else name
    return Spot(
        ICONS[one.kind], shown, _words(path), f"{one.lon:.6f}", f"{one.lat:.6f}", "", f"{one.lon},{one.lat}", address
    )


def _words(path: Path) -> str:
    return " · ".join(names.words(told) or code for code, told in path[:WIDE])


def named(one: places.Found) -> str:
    """Name a street, a park, or the crossing of two streets."""
    if not one.other:
        return names.words(one.names)
    return _("{street} at {other}").format(street=names.words(one.names), other=names.words(one.other))


def proposed(lon: float, lat: float) -> str:
    """Name the street or park at a point, for the address of a report; "" where none is near. No query."""
    try:
        one = places.nearest(lon, lat)
    except Refusal:
        return ""
    return named(one) if one is not None else ""
