"""A part of the city: what is open and was fixed there, near a point or in a unit, with a feed to subscribe to."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web import maps
from cityloop.doors.web.guards import city_page
from cityloop.doors.web.public import cards
from cityloop.doors.web.show import names
from cityloop.doors.web.show.times import feed_language, hour, local
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.loops.cases import public
from cityloop.town.calendar.clock import city_clock
from cityloop.town.units import queries as units

PAGE = 24
FEED = 50
RADIUS = 800.0
FEEDS: dict[str, Any] = {"atom": Atom1Feed, "rss": Rss201rev2Feed}


@require_safe
@city_page
def fixed(request: HttpRequest) -> HttpResponse:
    """Show what was fixed this week, in the whole city or a part of it, the latest first."""
    now, code = city_clock.now(), maps.under(request)
    before = natural(request.GET.get("before", ""))
    found = public.fixed(now - public.WEEK, unit=code, most=PAGE, before=before)
    further = found[-1].closed if len(found) == PAGE else None
    more = {
        "section": "fixed",
        "cards": cards.cards(found, now),
        "code": code,
        "crumbs": maps.crumbs(code),
        "next": f"?under={code}&before={further}" if further else "",
        "parts": parts(code),
        "subject": f"unit:{code}",
        "fresh": hour(now),
    }
    return render(request, "public/fixed.html", more)


@require_safe
@city_page
def near(request: HttpRequest) -> HttpResponse:
    """Show what is open and was fixed near a point, the nearest first, or in a part of the city, the newest first."""
    point, now = point_of(request), city_clock.now()
    code = maps.under(request)
    chosen = bool(request.GET.get("under")) and point is None
    found = around(point, code if chosen else "", now)
    here = code if chosen else leaf_at(point) if point else ""
    shown = cards.cards(found, now)
    more = {
        "section": "near",
        "point": point,
        "chosen": chosen,
        "asked": point is not None or chosen,
        "code": code,
        "around": outlined(here) if point else code,
        "crumbs": maps.crumbs(code) if chosen else [],
        "parts": parts(code),
        "query": urlencode({"lon": point[0], "lat": point[1]} if point else {"under": code}),
        "open": [card for card, one in zip(shown, found, strict=True) if one.closed is None],
        "fixed": [card for card, one in zip(shown, found, strict=True) if one.closed is not None],
        "radius": cards.distance(int(RADIUS)),
        "fresh": hour(now),
        "here": here,
        "here_named": names.places({here}, last=2).get(here, here) if here else "",
        "subject": f"unit:{here}",
    }
    return render(request, "public/near.html", more)


def around(point: tuple[float, float] | None, code: str, now: int) -> list[public.Seen]:
    """Give what is shown near a point or in a part of the city. One query."""
    since = now - public.WEEK
    if point is not None:
        return public.around(*point, metres=RADIUS, since=since)
    return public.of_part(code, since=since) if code else []


def leaf_at(point: tuple[float, float]) -> str:
    """Give the unit in which a point lies, "" where the city does not reach, as with one whose numbers are swapped."""
    try:
        return units.locate(*point) or ""
    except Refusal:
        return ""


def outlined(leaf: str) -> str:
    """Give the unit whose parts are outlined around a point in this leaf, "" where the city does not reach."""
    return units.scheme().parent_of(leaf) if leaf else ""


def parts(code: str) -> list[tuple[str, str]]:
    """Give the parts of a unit, as (code, name), without what is known no finer. One query."""
    scheme = units.scheme()
    real = [one for one in units.children(code) if not (scheme.is_rest(one.code) or scheme.is_unplaced(one.code))]
    return [(unit.code, names.words(unit.names) or unit.code) for unit in real[:200]]


@require_safe
@city_page
def marks(request: HttpRequest) -> HttpResponse:
    """Give what is shown near a point or in a part of the city as marks for the map beside the list."""
    point, now = point_of(request), city_clock.now()
    found = around(point, "" if point else maps.under(request), now)
    features = [
        {
            "type": "Feature", "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]},
            "properties": {
                "id": one.number, "status": cards.status(one, now), "name": f"{card.matter}: {card.words}",
                "href": reverse("public:case", args=[one.number]),
            },
        }
        for one, card in zip(found, cards.cards(found, now, photos=False), strict=True)
        if one.lon is not None
    ]  # fmt: skip
    return JsonResponse({"type": "FeatureCollection", "features": features})


def point_of(request: HttpRequest) -> tuple[float, float] | None:
    """Read a point from the address; None for what is none."""
    try:
        lon, lat = float(request.GET.get("lon", "")), float(request.GET.get("lat", ""))
    except ValueError:
        return None
    return (lon, lat) if -180 <= lon <= 180 and -85 <= lat <= 85 else None


@require_safe
@city_page
def feed(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """Give the newest cases of a part of the city as a feed for readers."""
    unit = units.unit_of(code, "code")
    found = public.latest(unit.code, most=FEED)
    made = made_feed(request, kind, names.words(unit.names) or unit.code, code)
    for one, card in zip(found, cards.cards(found, city_clock.now(), photos=False), strict=True):
        add(made, request, one, card)
    answer = HttpResponse(made.writeString("utf-8"), content_type=FEEDS[kind].content_type)
    answer["Cache-Control"] = "public, max-age=300"
    return answer


def made_feed(request: HttpRequest, kind: str, name: str, code: str) -> Any:
    """Begin a feed of a part of the city."""
    if kind not in FEEDS:
        raise Http404
    page = request.build_absolute_uri(reverse("public:fixed") + f"?under={code}")
    own = request.build_absolute_uri(request.path)
    return FEEDS[kind](
        title=_("Cases in {place}").format(place=name),
        link=page,
        description=_("What was reported and fixed here."),
        language=feed_language(),
        feed_url=own,
    )


def add(made: Any, request: HttpRequest, one: public.Seen, card: cards.Card) -> None:
    """Put a case into a feed; its id changes with its state, so that readers show it anew."""
    at = one.closed or one.created
    made.add_item(
        title=f"{card.matter}: {card.words}",
        link=request.build_absolute_uri(reverse("public:case", args=[one.number])),
        description=" · ".join(part for part in (card.place, card.unit) if part),
        unique_id=f"urn:cityloop:{one.number}:{one.state}",
        pubdate=local(one.created),
        updateddate=local(at),
    )
