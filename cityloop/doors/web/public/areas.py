"""A part of the city: what is open and was fixed there, near a point or in a unit, with a feed to subscribe to."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web import maps
from cityloop.doors.web.guards import city_page
from cityloop.doors.web.public import cards
from cityloop.doors.web.show import names
from cityloop.doors.web.show.times import hour, language, local
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
        "parts": [(unit.code, names.words(unit.names) or unit.code) for unit in units.children(code)[:60]],
        "fresh": hour(now),
    }
    return render(request, "public/fixed.html", more)


@require_safe
@city_page
def near(request: HttpRequest) -> HttpResponse:
    """Show what is open and was fixed near a point, the nearest first."""
    point = point_of(request)
    now = city_clock.now()
    found = public.around(*point, metres=RADIUS, since=now - public.WEEK) if point else []
    shown = cards.cards(found, now)
    more = {
        "section": "near",
        "point": point,
        "open": [card for card, one in zip(shown, found, strict=True) if one.closed is None],
        "fixed": [card for card, one in zip(shown, found, strict=True) if one.closed is not None],
        "radius": cards.distance(int(RADIUS)),
        "fresh": hour(now),
    }
    return render(request, "public/near.html", more)


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
        language="zh-Hans" if language().startswith("zh") else "en",
        feed_url=own,
    )


def add(made: Any, request: HttpRequest, one: public.Seen, card: cards.Card) -> None:
    """Put a case into a feed; its id changes with its state, so that readers show it anew."""
    at = one.closed or one.created
    made.add_item(
        title=f"{card.matter}: {card.words}",
        link=request.build_absolute_uri(reverse("public:fixed")) + f"#{one.number}",
        description=" · ".join(part for part in (card.place, card.unit) if part),
        unique_id=f"urn:cityloop:{one.number}:{one.state}",
        pubdate=local(one.created),
        updateddate=local(at),
    )
