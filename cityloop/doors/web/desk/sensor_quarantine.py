"""The quarantine at the desk: readings that were not believed, as they came, with why and who sent them."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web.desk import filters
from cityloop.doors.web.desk.alarms import tabs
from cityloop.doors.web.guards import desk_page
from cityloop.doors.web.show.times import hour, when
from cityloop.ground.kit.words import natural
from cityloop.loops.sensing import instruments, queries
from cityloop.loops.sensing.rules import reasons
from cityloop.town.calendar.clock import city_clock

PAGE, SHOWN = 50, 300  # readings, and letters of each


@require_safe
@desk_page
def listed(request: HttpRequest) -> HttpResponse:
    """Show what was not believed, the newest first, of one instrument or for one reason where that is asked."""
    now, query = city_clock.now(), request.GET
    found = queries.quarantine(
        datastream=natural(query.get("stream", "")), reason=query.get("reason", "")[:20],
        before=natural(query.get("after", "")) or 0, most=PAGE + 1,
    )  # fmt: skip
    by_id = {one.stream.pk: one for one in instruments.named_streams(one.datastream for one in found if one.datastream)}
    chips, menus = filters.menus(query, {
        "stream": (_("Instrument"), [(str(pk), name(one, pk)) for pk, one in by_id.items()]),
        "reason": (_("Why"), [(key, why(key)) for key in reasons.WORDS]),
    })  # fmt: skip
    more = {
        "section": "sensing",
        "tabs": tabs(request, "quality"),
        "chips": chips,
        "menus": menus,
        "items": [_row(one, by_id.get(one.datastream or 0), now) for one in found[:PAGE]],
        "next": f"{filters.address(query)}&after={found[PAGE - 1].pk}" if len(found) > PAGE else "",
        "fresh": hour(now),
    }
    return render(request, "desk/sensor_quarantine.html", more)


def why(reason: str) -> str:
    """Say why a reading is not believed."""
    return _(reasons.WORDS[reason]) if reason in reasons.WORDS else reason


def name(one: instruments.Instrument | None, pk: int | None) -> str:
    """Name what a reading is of: an instrument, or the number by which it was named."""
    return f"{one.stream.thing.name} · {one.stream.name}" if one else ("" if pk is None else str(pk))


def _row(one: Any, instrument: instruments.Instrument | None, now: int) -> dict[str, Any]:
    return {
        "pk": one.pk,
        "name": name(instrument, one.datastream),
        "thing": instrument.stream.thing_id if instrument else 0,
        "stream": one.datastream,
        "reason": why(one.reason),
        "said": one.said if len(one.said) <= SHOWN else f"{one.said[:SHOWN]}…",
        "source": one.source,
        "received": when(one.received, now),
    }
