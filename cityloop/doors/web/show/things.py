"""A component as its pages show it: what it is, how it is, where, whose, what is recorded of it, what became of it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from babel.dates import format_date
from django.utils.translation import gettext as _

from cityloop.doors.web.show import names
from cityloop.doors.web.show.times import language, when
from cityloop.ground.kit.things import Attribute
from cityloop.town.components import queries as components
from cityloop.town.components.rules.words import ROLES

CHIPS = {
    "intact": ("ver", "circle-check"), "damaged": ("due", "alert-triangle"), "lost": ("over", "alert-circle"),
    "discarded": ("wait", "circle-x"),
}  # fmt: skip
METRES = {"A": "0.5", "B": "1", "C": "10"}


@dataclass(frozen=True, slots=True)
class Line:
    """One step of a component: when, what, what was different, who."""

    at: str
    icon: str
    what: str
    more: tuple[str, ...]
    who: str


@dataclass(frozen=True, slots=True)
class Thing:
    """Everything a page prints of a component."""

    code: str
    type: str
    name: str
    state: str
    chip: tuple[str, str]
    place: str
    lon: float
    lat: float
    gone: bool
    facts: list[tuple[str, str]]
    recorded: list[tuple[str, str]]
    lines: list[Line]


def thing(one: Any, now: int, *, internal: bool = False) -> Thing:
    """Give a component as printed; who did what in person is told to staff alone. Two queries."""
    return Thing(
        code=one.code,
        type=type_name(one.type),
        name=one.name,
        state=state_name(one.state),
        chip=CHIPS[one.state],
        place=names.place(names.path(one.unit_code), 4) or _("Place not known"),
        lon=one.lon,
        lat=one.lat,
        gone=one.state == "discarded",
        facts=list(_facts(one)),
        recorded=list(_recorded(one)),
        lines=[_line(step, one.type, now, internal=internal) for step in components.history(one)],
    )


def type_name(code: str) -> str:
    """Name a type of component."""
    found = components.kinds().get(code)
    return names.words(found.names) if found else code


def state_name(state: str) -> str:
    """Name a state of components."""
    return {"intact": _("Intact"), "damaged": _("Damaged"), "lost": _("Lost"), "discarded": _("Discarded")}[state]


def state_names() -> list[tuple[str, str]]:
    """List the states with their names."""
    return [(key, state_name(key)) for key in CHIPS]


def title(one: Any) -> str:
    """Name a component in a few words: its type, and its own name where it has one."""
    return " · ".join(part for part in (type_name(one.type), one.name) if part)


def _facts(one: Any) -> Iterator[tuple[str, str]]:
    yield _("Identity code"), one.code
    for label, org in (
        (_("Responsible"), one.responsible), (_("Owner"), one.owner), (_("Maintained by"), one.maintainer),
    ):  # fmt: skip
        if said := names.organisation(org):
            yield label, said
    yield _("Position"), _("class {letter}: within {metres} m").format(letter=one.accuracy, metres=METRES[one.accuracy])
    if one.installed:
        yield _("Put there"), day(one.installed)
    if one.surveyed:
        yield _("Last surveyed"), day(one.surveyed)


def _recorded(one: Any) -> Iterator[tuple[str, str]]:
    found = components.kinds().get(one.type)
    for key, attribute in (found.attributes if found else {}).items():
        if key in one.attributes:
            yield names.words(attribute.names), value_words(attribute, one.attributes[key])


def value_words(attribute: Attribute, value: Any) -> str:
    """Say the value of an attribute."""
    if attribute.type == "bool":
        return _("Yes") if value else _("No")
    if attribute.type == "choice":
        return next((names.words(c.names) for c in attribute.choices if c.key == value), str(value))
    return f"{value} {attribute.unit}".strip()


def day(of: Any) -> str:
    """Write a date as the visitor's language does."""
    return str(format_date(of, "medium", locale="zh_Hans" if language().startswith("zh") else "en"))


def _line(step: Any, type_: str, now: int, *, internal: bool) -> Line:
    data = json.loads(step.data)
    icon, what = {
        "added": ("plus", _("Added")), "imported": ("upload", _("Brought in with a file")),
        "state": ("flag", _("State")), "moved": ("map-pin", _("Moved")),
    }.get(step.what, ("pencil", _("Changed")))  # fmt: skip
    more = tuple(_changes(data, type_)) if step.what not in ("added", "imported") else ()
    who = names.organisation(step.org) if step.org else ""
    if internal:
        who = " · ".join(part for part in (who, step.name or step.role.replace("_", " ")) if part)
    return Line(when(step.at, now), icon, what, more, who)


def _changes(data: dict[str, Any], type_: str) -> Iterator[str]:
    labels = {
        "name": _("Name"), "responsible": _("Responsible"), "owner": _("Owner"), "maintainer": _("Maintained by"),
        "accuracy": _("Position"), "installed": _("Put there"), "surveyed": _("Last surveyed"),
    }  # fmt: skip
    for key, pair in data.items():
        if not isinstance(pair, list) or len(pair) != 2:
            continue
        if key == "state":
            yield f"{state_name(pair[0])} → {state_name(pair[1])}"
        elif key == "attributes":
            yield from _attribute_changes(pair[0], pair[1], type_)
        elif key in ROLES:
            yield f"{labels[key]}: {names.organisation(pair[0]) or '–'} → {names.organisation(pair[1]) or '–'}"
        elif key in labels:
            yield f"{labels[key]}: {pair[0] or '–'} → {pair[1] or '–'}"


def _attribute_changes(before: dict[str, Any], after: dict[str, Any], type_: str) -> Iterable[str]:
    found = components.kinds().get(type_)
    for key, attribute in (found.attributes if found else {}).items():
        was, now = before.get(key), after.get(key)
        if was != now:
            said = [value_words(attribute, one) if one is not None else "–" for one in (was, now)]
            yield f"{names.words(attribute.names)}: {said[0]} → {said[1]}"
