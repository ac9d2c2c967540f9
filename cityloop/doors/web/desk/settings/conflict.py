"""Two changed the same matter at once: what it was, what the other made of it, what is asked for here; side by side."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils.translation import gettext as _

from cityloop.doors.web.desk.settings import matter_form
from cityloop.doors.web.desk.settings.guards import text
from cityloop.doors.web.show import names
from cityloop.doors.web.show.myself import role
from cityloop.doors.web.show.times import in_full
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.catalog import queries as catalog
from cityloop.town.catalog.compiled import CompiledCatalog, Entry
from cityloop.town.ledger.queries import latest
from cityloop.town.orgs import queries as orgs

OWN = "the city"  # whose lines may be changed at the desk


class Row(NamedTuple):
    """One field in three states; `both`: each of the two made something else of it."""

    label: str
    was: str
    theirs: str
    mine: str
    both: bool


class Overtaken(NamedTuple):
    """What differs, who published last and when, and the form with both changes in it; empty for one of lines."""

    rows: list[Row]
    who: str
    when: str
    form: dict[str, str]

    @property
    def theirs(self) -> bool:
        """Tell whether the other changed anything of this matter."""
        return any(row.theirs != row.was for row in self.rows)


def of(request: HttpRequest, entry: Entry) -> Overtaken | None:
    """Compare what was sent with what is published now, both against what the sender saw. Three queries at most."""
    try:
        saw = catalog.catalog(text(request, "on"))
    except Refusal:
        return None
    before, form = saw.matters.get(entry.code), dict[str, str]()
    if text(request, "do") in ("matter", "try") and before is not None:
        was, theirs = matter_form.of(before), matter_form.of(entry)
        mine = {name: text(request, name) for name in theirs}
        form = matter_form.merged(was, theirs, mine)
        found = rows(*(matter_form.read(one, entry) for one in (was, theirs, mine)))
    else:
        old, new = (_lines(one, entry.code) for one in (saw, catalog.current()))
        found = rows(old, new, _asked(request, old, entry.code))
    last = next(iter(latest([catalog.SUBJECT], 1)), None)
    return Overtaken(found, role(last.role) if last else "", in_full(last.at) if last else "", form)


def rows(was: Mapping[str, str], theirs: Mapping[str, str], mine: Mapping[str, str]) -> list[Row]:
    """Give what either made different, field by field."""
    found = []
    for label in dict.fromkeys([*was, *theirs, *mine]):
        old, new, own = (one.get(label, "") for one in (was, theirs, mine))
        if not old == new == own:
            found.append(Row(label, old, new, own, old not in (new, own) and new != own))
    return found


def _lines(version: CompiledCatalog, matter: str) -> dict[str, str]:
    """Give who leads and assists by the city's own lines for a matter, by where."""
    return {
        _where(rule.unit, rule.matter, matter): _said(rule.lead, [one.organisation for one in rule.assisting])
        for rule in version.lines_of(matter)
        if rule.source == OWN
    }


def _asked(request: HttpRequest, old: Mapping[str, str], matter: str) -> dict[str, str]:
    where = _where(text(request, "unit"), text(request, "of") or matter, matter)
    helpers = [key for key in request.POST.getlist("assist") if key]
    kept = {one: said for one, said in old.items() if one != where}
    return kept if text(request, "do") == "drop" else {**kept, where: _said(text(request, "lead"), helpers)}


def _where(unit: str, pattern: str, matter: str) -> str:
    place = (names.places([unit], last=3).get(unit, "") or unit) if unit else _("the whole city")
    return place if pattern == matter else f"{place} · {pattern}"


def _said(lead: str, assisting: list[Any]) -> str:
    known = orgs.directory()
    called = [names.words(known[key].names) if key in known else str(key) for key in (lead, *assisting)]
    return names.listed(called)
