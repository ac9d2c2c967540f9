"""What whoever hands the report form out says of it: the public's way; a post's, where it differs, says only how."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from cityloop.doors.web.guards import scope_of
from cityloop.doors.web.public import drafting, steps
from cityloop.doors.web.public.drafting import Draft, Likely
from cityloop.doors.web.rate import brake
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases import actions as cases
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs.roles import MAY_FIND

MOST, WITHIN = 30, 600
HINTS = 240  # questions for likely duplicates, which the form asks while someone types


class Form:
    """The form of a resident. What somebody in a post needs otherwise, the desk says: the steps are the same."""

    address = "public:report"
    instead = "public:follow-instead"
    own = False  # of an inspector who reports what they found themselves
    begins = staticmethod(steps.at_first)

    def once(self, request: HttpRequest) -> dict[str, Any]:
        """Name a report by the key of its form and what was typed into it, for as long as it may wait on a phone."""
        key = drafting.key_of(request.POST)
        return {"door": cases.PHONE, "key": key, "within": cases.WAITED, "sent": drafting.typed_in(request.POST)}

    def allow(self, request: HttpRequest) -> None:
        """Refuse who reports too often."""
        brake(request, "report", most=MOST, seconds=WITHIN)

    def made(self, draft: Draft) -> cases.Report:
        """Give the report a draft has become."""
        return drafting.report_of(draft)

    def by(self, request: HttpRequest, made: cases.Report) -> Actor:
        """Say who reports."""
        return drafting.REPORTER

    def likely(self, request: HttpRequest, draft: Draft) -> list[Likely]:
        """Give likely duplicates of what is about to be sent."""
        return drafting.likely(draft, city_clock.now())

    def hinted(self, request: HttpRequest, draft: Draft) -> list[Likely]:
        """Give likely duplicates for a form that is being filled in; none to who asks too often."""
        if not (draft.typed["lon"] and draft.typed["lat"]):
            return []
        try:
            brake(request, "hints", most=HINTS, seconds=WITHIN)
        except Refusal:
            return []
        return drafting.likely(draft, city_clock.now())

    def reached(self, taken: cases.Collected) -> str:
        """Give the page after sending."""
        return reverse("public:sent", args=[taken.follow])

    def more(self, request: HttpRequest) -> dict[str, Any]:
        """Give what else the page prints."""
        user = getattr(request, "user", None)
        finds = user is not None and user.is_authenticated and scope_of(request).has_role(*MAY_FIND)
        return {"finds": finds}


PUBLIC = Form()
