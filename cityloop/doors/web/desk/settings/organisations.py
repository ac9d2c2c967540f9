"""Organisations and their posts: the tree of who can be given work, and who sits where."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from cityloop.doors.web.desk.settings.guards import (
    Wrong,
    attempt,
    changing,
    draw,
    go,
    setter,
    settings_page,
    spoken,
    text,
)
from cityloop.doors.web.show import names
from cityloop.doors.web.show.myself import role
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.loops.cases import queries as cases
from cityloop.town.calendar.clock import city_clock
from cityloop.town.orgs import actions
from cityloop.town.orgs import queries as orgs
from cityloop.town.orgs.roles import ROLES
from cityloop.town.orgs.rules import KINDS
from cityloop.town.units import queries as units

MOST = 1000  # open cases counted


def kinds() -> list[tuple[str, str]]:
    """Name the kinds of organisations."""
    said = {
        "government": _("Government"), "enterprise": _("Enterprise"), "social": _("Social organisation"),
        "media": _("Media"), "public_group": _("Public group"),
    }  # fmt: skip
    return [(kind, said[kind]) for kind in KINDS]


@settings_page
def listed(request: HttpRequest) -> HttpResponse:
    """Show the tree; take in a new organisation. Two queries."""
    wrong = Wrong()
    if request.method == "POST":
        wrong = attempt(
            request, lambda: add(request), ("key", "names", "kind", "parent"), _("The organisation is there.")
        )
        if not wrong:
            return go(reverse("desk:settings-organisation", args=[text(request, "key")]))
    known, said = orgs.directory(), dict(kinds())
    rows = [
        (org.key, names.words(org.names), said[org.kind], org.active, max(0, org.path.count("/") - 2))
        for org in sorted(known.values(), key=lambda o: o.path)
    ]
    context = {"rows": rows, "kinds": kinds(), "typed": request.POST, "wrong": wrong}
    return draw(request, "organisations", "organisations", context, wrong.status)


def add(request: HttpRequest) -> None:
    """Add an organisation."""
    parent = text(request, "parent")
    actions.add_organisation(
        key=text(request, "key"), names=named(request), kind=text(request, "kind"),
        parent=orgs.organisation(parent) if parent else orgs.city(), by=setter(request), at=city_clock.now(),
    )  # fmt: skip


def named(request: HttpRequest, before: Mapping[str, str] | None = None) -> dict[str, str]:
    """Read the names of a form; refuse where there is none."""
    given = spoken(request, "names", before)
    if not given:
        raise Refusal("orgs.names.missing", "Give the organisation a name.", "names")
    return given


@settings_page
def one(request: HttpRequest, key: str) -> HttpResponse:
    """Show an organisation with its posts; take in what is changed of them."""
    try:
        org = orgs.organisation(key)
    except Refusal as refusal:
        raise Refusal("units.code.unknown", refusal.message, **refusal.params) from refusal
    wrong = Wrong()
    if request.method == "POST":
        wrong = attempt(request, lambda: change(request, org), ("names", "parent", "role", "unit", "level"))
        if not wrong:
            return go(request.path)
    return draw(
        request, "organisation", "organisations", {**page(org), "typed": request.POST, "wrong": wrong}, wrong.status
    )


def change(request: HttpRequest, org: Any) -> None:
    """Make the change that a form of this page asks for."""
    by, at, what = setter(request), city_clock.now(), text(request, "do")
    if what == "names":
        actions.rename_organisation(organisation=org, names=named(request, org.names), by=by, at=at)
    elif what == "move":
        actions.move_organisation(organisation=org, parent=orgs.organisation(text(request, "parent")), by=by, at=at)
    elif what in ("open", "close"):
        actions.set_active(organisation=org, active=what == "open", by=by, at=at)
    elif what == "post":
        unit = text(request, "unit")
        code = units.unit_of(unit, "unit").code if unit else ""
        level = natural(text(request, "level") or "0")
        level = -1 if level is None else level
        actions.add_post(organisation=org, role=text(request, "role"), unit_code=code, level=level, by=by, at=at)
    elif what == "close-post":
        actions.close_post(post=own_post(org, text(request, "post")), by=by, at=at)
    else:
        raise changing(what)


def own_post(org: Any, number: str) -> Any:
    """Give a post of this organisation."""
    found = orgs.post(natural(number) or 0)
    if found.organisation_id != org.pk:
        raise Refusal("orgs.post.unknown", "There is no such post.", "post")
    return found


def page(org: Any) -> dict[str, Any]:
    """Give everything the page prints. Six queries."""
    at, known = city_clock.now(), orgs.directory()
    still = cases.open_with(org.path, MOST + 1)
    seats = orgs.seats_of(org.pk, at)
    parent = next((o for o in known.values() if o.id == org.parent_id), None)
    return {
        "org": org,
        "name": names.words(org.names),
        "kind": dict(kinds())[org.kind],
        "still": min(still, MOST),
        "more": still > MOST,
        "parent": parent,
        "parent_name": names.words(parent.names) if parent else "",
        "seats": [(seat, role(seat.role), place(seat.unit_code)) for seat in with_places(seats)],
        "roles": roles(),
        "others": sorted((names.words(o.names), o.key) for o in known.values() if not o.path.startswith(org.path)),
        "names_en": org.names.get("en", ""),
        "names_zh": org.names.get("zh-hans", ""),
    }


def with_places(seats: list[orgs.Seat]) -> list[orgs.Seat]:
    """Give the seats with the words of their places in the unit's stead. One query."""
    words = names.places({s.unit_code for s in seats if s.unit_code}, last=3)
    return [s._replace(unit_code=words.get(s.unit_code, s.unit_code)) for s in seats]


def place(words: str) -> str:
    """Say where a post is for."""
    return words or _("the whole city")


def roles() -> list[tuple[str, str]]:
    """Name all roles a post may have."""
    return [(name, role(name)) for name in ROLES]
