"""Composing a wall: a form whose answer is an address, which is bookmarked on the wall's computer."""

from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityloop.doors.web.desk import filters
from cityloop.doors.web.guards import desk_page
from cityloop.doors.web.show.acting import said
from cityloop.doors.web.wall import turns
from cityloop.doors.web.wall.turns import Wall
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing import instruments

SUGGESTED = {"within": "95", "over": "1"}
EMPTY = 2  # rows offered beyond those filled


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the form as printed, with what is wrong in it."""

    number: int
    view: str
    stay: str
    area: str
    field: str = ""
    error: str = ""


@require_safe
@desk_page
def compose(request: HttpRequest) -> HttpResponse:
    """Show the form, filled from an address; sent, it leads to the wall whose address says it all."""
    query = request.GET
    if "view" not in query:
        return form(
            request, lines(turns.read(query)), {name: query.get(name, kept) for name, kept in SUGGESTED.items()}
        )
    asked, wrong = turns.composed(query)
    targets = {name: query.get(name, "").strip() for name in SUGGESTED}
    bad = {name: _("Give a whole number from 0 to 100, or nothing.") for name, text in targets.items()
           if text and turns.percent(text) is None}  # fmt: skip
    none = _("Choose at least one view.") if not asked and not wrong else ""
    if wrong or bad or none:
        return form(request, sent(request, dict(wrong)), targets, bad, none)
    made = Wall(asked, within=turns.percent(targets["within"]), over=turns.percent(targets["over"]))
    return HttpResponseRedirect(made.address())


def lines(known: Wall | None) -> list[Line]:
    """Give the rows of a wall that stands, or of the usual one. One query at most."""
    asked = known.turns if known else turns.usual(instruments=bool(instruments.census()))
    return [Line(n, one.kind, str(one.seconds), one.unit) for n, one in enumerate(asked)]


def sent(request: HttpRequest, wrong: dict[int, Refusal]) -> list[Line]:
    """Give the rows as they were sent, each with what is wrong in it."""
    rows = zip(*(request.GET.getlist(name)[: turns.MOST] for name in ("view", "stay", "area")), strict=False)
    made = [Line(n, *row) for n, row in enumerate(rows)]
    return [
        replace(one, field=wrong[one.number].field or "", error=said(wrong[one.number])) if one.number in wrong else one
        for one in made
    ]


def form(
    request: HttpRequest, filled: list[Line], targets: dict[str, str], bad: dict[str, str] | None = None, none: str = ""
) -> HttpResponse:  # fmt: skip
    """Draw the form with some empty rows below those filled."""
    free = [Line(n, "", str(turns.USUAL), "") for n in range(len(filled), min(turns.MOST, len(filled) + EMPTY))]
    areas = filters.unit_choices("")
    known = {code for code, _name in areas}
    areas += [choice for code in {one.area for one in filled} - known - {""} for choice in filters.unit_choices(code)]
    more = {
        "section": "wall", "lines": [*filled, *free], "kinds": list(turns.kinds().items()), "areas": areas,
        "targets": targets, "bad": bad or {}, "none": none, "least": turns.SHORTEST, "most": turns.LONGEST,
    }  # fmt: skip
    return render(
        request, "desk/wall.html", more, status=422 if bad or none or any(one.error for one in filled) else 200
    )
