"""What would change of the catalogue, in the visitor's words: plate by plate, thing by thing, field by field."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from cityloop.doors.web.show import names
from cityloop.doors.web.show.plate import PARTS
from cityloop.doors.web.show.times import limit
from cityloop.ground.kit.compare import Difference
from cityloop.town.catalog.differences import Change
from cityloop.town.orgs import queries as orgs

LONG, MOST = 240, 200
CHIPS = {"added": ("ver", "plus"), "removed": ("wait", "trash"), "changed": ("due", "pencil")}
TITLES = {
    **{part: title for part, _icon, title in PARTS},
    "plate": gettext_noop("The plate itself"), "responsibility": gettext_noop("Who is responsible"),
    "replies": gettext_noop("Ready words"), "roles": gettext_noop("Posts"), "classes": gettext_noop("Classes"),
    "rule_functions": gettext_noop("Rules"),
}  # fmt: skip
FIELDS = {
    "names": gettext_noop("Name"), "name": gettext_noop("Name"), "version": gettext_noop("Version"),
    "about": gettext_noop("What it is for"), "basis": gettext_noop("What it rests on"),
    "filing": gettext_noop("Filed when"), "closing": gettext_noop("Closed when"),
    "milestones": gettext_noop("Limits"), "limit": gettext_noop("Limit"), "urgent": gettext_noop("Urgent"),
    "level": gettext_noop("Confidentiality"), "public_place": gettext_noop("Its place is public"),
    "questions": gettext_noop("Questions"), "keywords": gettext_noop("Words it is found by"),
    "lead": gettext_noop("Leads"), "assisting": gettext_noop("Assists"), "words": gettext_noop("Words"),
    "responsible": gettext_noop("Responsible"), "organisation": gettext_noop("Organisation"),
    "attributes": gettext_noop("Attributes"), "alarms": gettext_noop("Alarms"), "parent": gettext_noop("Belongs to"),
    "tasks": gettext_noop("Tasks"), "grades": gettext_noop("Grades"), "documents": gettext_noop("Documents"),
    "form": gettext_noop("Form"), "matters": gettext_noop("Matters"), "fields": gettext_noop("Fields"),
}  # fmt: skip


class Part(NamedTuple):
    """A part of a plate with what is different in it."""

    title: str
    things: list[dict[str, Any]]


def told(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """Give each plate that changes, with what is different in it. One query."""
    called = {key: names.words(ref.names) for key, ref in orgs.directory().items()}
    return [
        {
            "name": names.words(change.names) or _("Lines of the city's own"),
            "kind": change.kind,
            "parts": parts(change.differences, called),
        }
        for change in changes
    ]


def parts(found: Sequence[Difference], called: Mapping[str, str]) -> list[Part]:
    """Give the differences by part, at most so many; what is left out is said."""
    by_part: dict[str, list[dict[str, Any]]] = {}
    for one in found[:MOST]:
        by_part.setdefault(one.part, []).append(_thing(one, called))
    made = [Part(_(TITLES.get(part, part)), things) for part, things in by_part.items()]
    if len(found) > MOST:
        more = {"name": _("{n} more").format(n=len(found) - MOST), "chip": ("wait", "plus"), "kind": "", "fields": []}
        made.append(Part(_("And more"), [more]))
    return made


def _thing(one: Difference, called: Mapping[str, str]) -> dict[str, Any]:
    kinds = {
        "added": pgettext("difference", "new"), "removed": pgettext("difference", "gone"),
        "changed": pgettext("difference", "changed"),
    }  # fmt: skip
    return {
        "name": names.words(one.names) or one.key,
        "key": one.key,
        "chip": CHIPS[one.kind],
        "kind": kinds[one.kind],
        "fields": [
            (_(FIELDS.get(name, name.replace("_", " "))), _said(old, called), _said(new, called))
            for name, old, new in one.fields
        ],
    }


def _said(value: Any, called: Mapping[str, str]) -> str:
    text = "; ".join(_pieces(value, called)) or "–"
    return text if len(text) <= LONG else f"{text[:LONG]}…"


def _pieces(value: Any, called: Mapping[str, str]) -> Iterator[str]:
    """Give what a field holds as people read it: words in their language, limits and organisations by name."""
    if isinstance(value, bool):
        yield _("Yes") if value else _("No")
    elif isinstance(value, Mapping):
        if "en" in value and "zh-hans" in value and isinstance(value["en"], str):
            yield names.words(dict(value))
        else:
            inner = [piece for one in value.values() for piece in _pieces(one, called)]
            yield " ".join(inner)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _pieces(one, called)
    elif isinstance(value, str) and value:
        yield _limit(value) or called.get(value, value)
    elif value not in (None, ""):
        yield str(value)


def _limit(text: str) -> str:
    amount, _space, unit = text.partition(" ")
    return limit(text) if amount.isdigit() and unit in ("um", "uh", "wh", "wd", "d") else ""
