"""One public case, for everybody: what everybody may know of it, a code to follow it, a feed of its steps."""

import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_safe

from cityloop.doors.web import imagery
from cityloop.doors.web.guards import city_page, sent_from
from cityloop.doors.web.public import following
from cityloop.doors.web.rate import brake
from cityloop.doors.web.show import names
from cityloop.doors.web.show.acting import said
from cityloop.doors.web.show.times import feed_language, hour, language, local
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases import openly
from cityloop.loops.cases.loop import pinned
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs.authority import NOBODY


@require_safe
@city_page
def case(request: HttpRequest, number: str) -> HttpResponse:
    """Show a case as everybody may know it."""
    return page(request, number)


def page(request: HttpRequest, number: str, error: str = "") -> HttpResponse:
    """Draw the page, with what was refused a moment ago."""
    found, now = openly.by_number(number, whole=True), city_clock.now()
    spot = openly.spot(openly.leading(found))
    above = imagery.around(NOBODY, spot.lon, spot.lat, found.created)
    more = {
        "section": "",
        "above": above,
        "page": following.page(found, now, reporter=False),
        "spot": spot,
        "component": openly.component(openly.leading(found)),
        "ended": found.closed is not None,
        "key": secrets.token_urlsafe(18),
        "error": error,
        "subject": f"case:{found.pk}",
        "fresh": hour(now),
    }
    answer = render(request, "public/case.html", more, status=422 if error else 200)
    answer["X-Robots-Tag"] = "noindex"
    return imagery.allow(answer, above.layers if above else [])


@sent_from("public:case")
@csrf_protect
@city_page
def follow(request: HttpRequest, number: str) -> HttpResponse:
    """Give a code with which to follow this case."""
    found = openly.by_number(number)
    try:
        brake(request, "report", most=30, seconds=600)
        who = cases.Following(language=language())
        taken = cases.follow(
            case=found.pk, who=who, at=city_clock.now(), key=clean(str(request.POST.get("key", "")))[:120]
        )
    except Refusal as refusal:
        return page(request, number, said(refusal))
    return HttpResponseRedirect(reverse("public:sent", args=[taken.follow]), status=303)


@require_safe
@city_page
def place(request: HttpRequest, number: str) -> HttpResponse:
    """Give the place of a case, as exactly as it is told, as a mark for a map."""
    found = openly.by_number(number)
    spot, (status, _icon) = openly.spot(found), names.chip(found.state)
    mark = {
        "type": "Feature", "geometry": {"type": "Point", "coordinates": [spot.lon, spot.lat]},
        "properties": {"id": number, "status": "ver" if found.state == "closed" else status,
                       "name": names.matter(found.matter)},
    }  # fmt: skip
    return JsonResponse({"type": "FeatureCollection", "features": [mark] if spot.lon is not None else []})


class Steps(Atom1Feed):
    """The steps of a case as a feed; while none is told it is as old as the case, not as new as each look at it."""

    def latest_post_date(self) -> Any:
        """Give when the newest step was, else when the case came in."""
        return super().latest_post_date() if self.items else self.feed["since"]


@require_safe
@city_page
def feed(request: HttpRequest, number: str) -> HttpResponse:
    """Give the steps of a case that everybody is told of, the latest first, for feed readers."""
    found, now = openly.by_number(number), city_clock.now()
    definition = pinned(found.definition)
    own = request.build_absolute_uri(reverse("public:case", args=[number]))
    made: Any = Steps(
        title=f"{names.matter(found.matter)} · {number}", link=own, description="", language=feed_language(),
        feed_url=request.build_absolute_uri(request.path), since=local(found.created),
    )  # fmt: skip
    period = openly.Period(since=found.created, until=now + 1, case=found.pk)
    for step in reversed(openly.updates(period)[0]):
        state = names.state(definition, step.state)
        made.add_item(
            title=following.put_off(step.data, now) or names.action(definition, step.what), link=f"{own}#s{step.seq}",
            description=_("State: {state}").format(state=state), unique_id=f"urn:cityloop:{number}:{step.seq}",
            pubdate=local(step.at), updateddate=local(step.at),
        )  # fmt: skip
    answer = HttpResponse(made.writeString("utf-8"), content_type=Atom1Feed.content_type)
    answer["Cache-Control"], answer["X-Robots-Tag"] = "public, max-age=300", "noindex"
    return answer
