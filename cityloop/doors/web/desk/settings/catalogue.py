"""The catalogue at the desk: matters with their limits and conditions, and the lines of responsibility.

What is changed is published as a new version; a case keeps the version it was filed under.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from cityloop.doors.web.desk.settings import conflict, matter_form
from cityloop.doors.web.desk.settings.guards import (
    Wrong,
    attempt,
    changing,
    draw,
    go,
    refused,
    setter,
    settings_page,
    spoken,
    text,
)
from cityloop.doors.web.guards import scope_of
from cityloop.doors.web.show import names, trial
from cityloop.doors.web.show.times import in_full, language, limit
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.routing import Rule
from cityloop.ground.kit.words import natural
from cityloop.loops.cases import trying
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import actions, drafts
from cityloop.town.catalog import queries as catalog
from cityloop.town.catalog.compiled import CompiledCatalog, Entry
from cityloop.town.orgs import queries as orgs
from cityloop.town.units import queries as units

MOST = 2_000
VERSIONS = 8
TRIES = ("try", "try-line")
FIELDS = (
    "names", "filing", "closing", "milestones", "urgent", "level", "public_place", "matter", "unit", "lead", "since",
    "until",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A matter in the list."""

    code: str
    name: str
    limit: str
    urgent: bool
    level: int
    lead: str


@settings_page
def listed(request: HttpRequest) -> HttpResponse:
    """List the matters by class, with the limit and who leads in the city at large."""
    wanted = str(request.GET.get("matter", ""))[:100]
    now = catalog.current() if catalog.has_any() else None
    groups = grouped(now, wanted) if now else []
    past = [(number, digest[:12], in_full(at)) for number, digest, at in catalog.versions()[:VERSIONS]]
    shown = sum(len(rows) for _name, rows in groups)
    return draw(
        request, "catalogue", "catalogue", {"groups": groups, "wanted": wanted, "versions": past, "shown": shown}
    )


def grouped(now: CompiledCatalog, wanted: str) -> list[tuple[str, list[Row]]]:
    """Give the matters that fit some words, by class. No query."""
    found = now.search(wanted, language(), MOST)
    groups: dict[str, list[Row]] = {}
    for entry in sorted(found, key=lambda e: e.code):
        groups.setdefault(names.words(entry.class_names) or entry.class_, []).append(_row(now, entry))
    return sorted(groups.items())


def _row(now: CompiledCatalog, entry: Entry) -> Row:
    lead = now.route(entry.code, "").lead
    name, leads = names.words(entry.names), names.words(lead.names) if lead else ""
    return Row(entry.code, name, limit(entry.limit.text), entry.urgent, entry.level, leads)


@settings_page
def matter(request: HttpRequest, code: str) -> HttpResponse:
    """Show a matter whole; take in what is changed of it, or of who is responsible for it."""
    if request.method == "POST" and catalog.current().digest != catalog.last_digest():
        catalog.forget()  # another process published within this second
    now = catalog.current()
    entry = now.matters.get(code)
    if entry is None:
        raise Refusal("units.code.unknown", "There is no such matter.", "matter")
    wrong, tried = Wrong(), dict[str, Any]()
    if text(request, "do") in TRIES:
        tried, wrong = attempted(request, entry)
    elif request.method == "POST":
        wrong = attempt(
            request, lambda: take(request, entry), FIELDS, _("Published as a new version of the catalogue.")
        )
        if not wrong:
            return go(request.path)
    overtaken = conflict.of(request, entry) if now.digest != text(request, "on") != "" else None
    days = tried or trial.days(trying.span(city_clock.now()))
    more = {"trial": tried, "days": days, "wrong": wrong, "overtaken": overtaken}
    kept = overtaken.form if overtaken and overtaken.form else request.POST
    return draw(request, "matter", "catalogue", {**page(now, entry, kept, wrong), **more}, wrong.status)


def attempted(request: HttpRequest, entry: Entry) -> tuple[dict[str, Any], Wrong]:
    """Try what a form asks for on past cases; nothing is written."""
    try:
        if text(request, "do") == "try":
            made = drafts.with_matter(catalog.published(), entry.code, changes(request, entry))
        else:
            made = drafts.with_line(catalog.published(), entry.code, *line(request))
        return trial.tried(made, trial.asked(request.POST), scope_of(request)), Wrong()
    except Refusal as refusal:
        return {}, refused(refusal, FIELDS)


def take(request: HttpRequest, entry: Entry) -> None:
    """Publish what a form asks for."""
    by, at, on = setter(request), city_clock.now(), text(request, "on")
    what = text(request, "do")
    if what == "line":
        code, lead, helpers = line(request)
        actions.put_line(matter=entry.code, unit=code, lead=lead, assisting=helpers, on=on, by=by, at=at)
    elif what == "drop":
        actions.drop_line(matter=text(request, "of"), unit=text(request, "unit"), on=on, by=by, at=at)
    elif what != "matter":
        raise changing(what)
    else:
        actions.change_matter(code=entry.code, changes=changes(request, entry), on=on, by=by, at=at)


def line(request: HttpRequest) -> tuple[str, str, list[str]]:
    """Read the form of a line of the city's own: where, who leads, who assists."""
    unit = text(request, "unit")
    code = units.unit_of(unit, "unit").code if unit else ""
    return code, text(request, "lead"), [key for key in request.POST.getlist("assist") if key]


def changes(request: HttpRequest, entry: Entry) -> dict[str, Any]:
    """Read the form of a matter."""
    steps = [
        {"name": step.names, "limit": f"{text(request, f'amount{n}')} {text(request, f'measure{n}')}"}
        for n, step in enumerate(entry.milestones)
    ]
    return {
        "names": spoken(request, "names", entry.names),
        "filing": spoken(request, "filing", entry.filing),
        "closing": spoken(request, "closing", entry.closing),
        "milestones": steps,
        "urgent": text(request, "urgent") == "yes",
        "level": level if (level := natural(text(request, "level") or "0")) is not None else -1,
        "public_place": text(request, "public_place"),
    }


def page(now: CompiledCatalog, entry: Entry, sent: Mapping[str, Any], wrong: Mapping[str, str]) -> dict[str, Any]:
    """Give everything the page of a matter prints, with what was typed into its forms and is wrong. Two queries."""
    known = orgs.directory()
    lines = now.lines_of(entry.code)
    places = names.places({rule.unit for rule in lines if rule.unit}, last=3)
    form = matter_form.of(entry) | ({k: str(v) for k, v in sent.items()} if "level" in sent else {})
    return {
        "entry": entry,
        "name": names.words(entry.names),
        "class_name": names.words(entry.class_names) or entry.class_,
        "digest": now.digest,
        "number": now.number,
        "pairs": [
            (key, label, *(form[f"{key}_{end}"] for end, _lang in matter_form.ENDS), wrong.get(key, ""))
            for key, label in matter_form.words().items()
        ],
        "steps": [
            (n, names.words(step.names), form[f"amount{n}"], form[f"measure{n}"])
            for n, step in enumerate(entry.milestones)
        ],
        "kept": {
            **{name: form[name] for name in ("urgent", "level", "public_place")},
            **{name: str(sent.get(name, "")) for name in ("unit", "lead", "assist")},
        },
        "measures": list(matter_form.measures().items()),
        "places": list(matter_form.places().items()),
        "lines": [_line(rule, known, places) for rule in lines],
        "organisations": sorted((names.words(o.names), o.key) for o in known.values() if o.active),
        "back": reverse("desk:settings-catalogue"),
    }  # fmt: skip


def _line(rule: Rule, known: Mapping[str, orgs.OrgRef], places: Mapping[str, str]) -> dict[str, Any]:
    def called(key: str) -> str:
        return names.words(known[key].names) if key in known else key

    return {
        "matter": rule.matter,
        "unit": rule.unit,
        "where": places.get(rule.unit, rule.unit) if rule.unit else _("the whole city"),
        "lead": called(rule.lead),
        "assisting": names.listed(called(a.organisation) for a in rule.assisting),
        "own": rule.source == "the city",
    }
