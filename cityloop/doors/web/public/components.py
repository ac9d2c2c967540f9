"""A component for everybody: its page, and the label that is put on it, which leads to a report about it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from cityloop.doors.web.guards import city_page
from cityloop.doors.web.public import cards
from cityloop.doors.web.show.qr import qr
from cityloop.doors.web.show.things import thing, title
from cityloop.doors.web.show.times import hour
from cityloop.loops.cases import openly, public
from cityloop.town.calendar.clock import city_clock
from cityloop.town.components import queries as components


@require_safe
@city_page
def component(request: HttpRequest, code: str) -> HttpResponse:
    """Show a component with what everybody may know of the cases about it. Six queries."""
    found, now = components.by_code(code), city_clock.now()
    about = [public.seen(case) for case in openly.of_component(found.code)]
    more = {
        "section": "",
        "thing": thing(found, now),
        "open": cards.cards([one for one in about if one.closed is None], now, photos=False),
        "ended": cards.cards([one for one in about if one.closed is not None], now),
        "fresh": hour(now),
    }
    return render(request, "public/component.html", more)


@require_safe
@city_page
def label(request: HttpRequest, code: str) -> HttpResponse:
    """Show a component's label, to be printed: whoever reads its QR code reports about this very thing."""
    found = components.by_code(code)
    link = request.build_absolute_uri(f"{reverse('public:report')}?component={found.code}")
    more = {"section": "", "code": found.code, "title": title(found), "link": link, "qr": qr(link)}
    return render(request, "public/component_label.html", more)
