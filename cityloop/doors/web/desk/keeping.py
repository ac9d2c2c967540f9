"""Adding a component at the desk, and correcting what is known of one: position, attributes, whose it is."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cityloop.doors.web.desk.settings.guards import Wrong, attempt, go, text
from cityloop.doors.web.guards import register_page, scope_of
from cityloop.doors.web.show import names, things
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases.actions.prepare import organisations
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import queries as catalog
from cityloop.town.components import queries as components
from cityloop.town.components import rights
from cityloop.town.components.actions import keeping
from cityloop.town.components.rules.attributes import day
from cityloop.town.components.rules.words import ROLES
from cityloop.town.units import queries as units

MINE = "of-"  # before the keys of attributes, so that none is taken for a field of every component
FIELDS = ("type", "name", "lon", "lat", "accuracy", "installed", "organisations")
SAME = 1e-6  # degrees, to which maps write a place: no move at all
INPUTS = {"number": "text", "date": "date", "text": "text"}


@require_http_methods(["GET", "HEAD", "POST"])
@register_page
def new(request: HttpRequest) -> HttpResponse:
    """Ask for the type first, then for the rest; add the component."""
    scope = scope_of(request)
    if not rights.may_place(scope):
        raise PermissionDenied
    given = request.POST if request.method == "POST" else request.GET
    kind = components.kind(str(given["type"])[:60]) if given.get("type") else None
    if kind is None:
        return render(request, "desk/component_new.html", {"section": "map", "types": types(), "place": _place(given)})
    wrong, made = Wrong(), list[str]()
    if request.method == "POST":
        done = _("Added. It is on the ledger.")
        wrong = attempt(request, lambda: made.append(added(request, kind)), fields(kind), done)
        if made:
            return go(reverse("desk:component", args=made))
    kept = {"accuracy": kind.accuracy, **{name: str(value)[:400] for name, value in given.items()}}
    if kind.responsible in (known := components.organisations()):
        kept.setdefault("responsible", str(known[kind.responsible]))
    page = form(kind, kept, may_assign=True) | {"new": True, "back": reverse("desk:component-new")}
    return render(request, "desk/component_form.html", {**page, "wrong": wrong}, status=wrong.status)


def added(request: HttpRequest, kind: Any) -> str:
    """Add what the form says, where this post may; give the code."""
    said = read(request, kind)
    lon, lat = said.pop("point") or (None, None)
    if lon is None or lat is None:
        raise Refusal("components.place.missing", "Say where it stands.", "lon")
    whose = said["organisations"]["responsible"]
    by = rights.placer(scope_of(request), units.locate(lon, lat) or "", kind.level, whose)
    if by is None:
        raise Refusal("authority.denied", "Your post does not cover this place.", "lon")
    said["attributes"] = {key: value for key, value in said["attributes"].items() if value}
    return str(keeping.add(type=kind.code, lon=lon, lat=lat, **said, by=by, at=city_clock.now()).code)


@require_http_methods(["GET", "HEAD", "POST"])
@register_page
def correct(request: HttpRequest, code: str) -> HttpResponse:
    """Show what is known of a component as a form; take in what is corrected."""
    scope = scope_of(request)
    one = components.by_code(code, components.seen_by(scope))
    by, assigns = rights.keeper(scope, one), rights.assigner(scope, one)
    if by is None:
        raise PermissionDenied
    kind, wrong = components.kind(str(one.type)), Wrong()
    if request.method == "POST":

        def change() -> None:
            said = read(request, kind)
            if said["point"] and all(abs(a - b) < SAME for a, b in zip(said["point"], (one.lon, one.lat), strict=True)):
                del said["point"]
            if assigns is None:
                del said["organisations"]
            keeping.change(code=one.code, **said, seen=text(request, "seen"), by=assigns or by, at=city_clock.now())

        wrong = attempt(request, change, fields(kind))
        if not wrong:
            return go(reverse("desk:component", args=[one.code]))
    kept = {name: str(value)[:400] for name, value in request.POST.items()} if request.POST else of(one)
    page = form(kind, kept, may_assign=assigns is not None)
    page |= {"code": one.code, "seen": kept.get("seen") or components.tag(one)}
    page |= {"back": reverse("desk:component", args=[one.code]), "wrong": wrong}
    return render(request, "desk/component_form.html", page, status=wrong.status)


def types() -> list[tuple[str, list[tuple[str, str]]]]:
    """List the types of components by their plates."""
    plates = {plate.key: names.words(plate.names) for plate in catalog.published().plates}
    groups: dict[str, list[tuple[str, str]]] = {}
    for kind in components.kinds().values():
        groups.setdefault(plates.get(kind.plate, kind.plate), []).append((kind.code, names.words(kind.names)))
    return sorted((plate, sorted(found, key=lambda pair: pair[1])) for plate, found in groups.items())


def read(request: HttpRequest, kind: Any) -> dict[str, Any]:
    """Read the form, as the actions take it."""
    lon, lat, since = text(request, "lon"), text(request, "lat"), text(request, "installed")
    return {
        "name": text(request, "name"),
        "accuracy": text(request, "accuracy"),
        "point": (_degrees(lon, "lon"), _degrees(lat, "lat")) if lon or lat else None,
        "installed": day(since, "installed") if since else None,
        "attributes": {key: text(request, f"{MINE}{key}") for key in kind.attributes},
        "organisations": {role: _whose(text(request, role), role) for role in ROLES},
    }


def _degrees(given: str, field: str) -> float:
    try:
        return float(given)
    except ValueError:
        raise Refusal("components.degrees", "Give degrees, such as 40.7128.", field) from None


def _whose(given: str, field: str) -> int:
    if not given:
        return 0
    if not (given.isascii() and given.isdigit()) or int(given) not in organisations():
        raise Refusal("components.organisation", "Choose one of the organisations.", field)
    return int(given)


def fields(kind: Any) -> tuple[str, ...]:
    """Give the fields of the form of a type."""
    return (*FIELDS, *ROLES, *kind.attributes)


def of(one: Any) -> dict[str, str]:
    """Give what is known of a component as its form holds it."""
    said = {name: getattr(one, name) for name in ("name", "accuracy", "lon", "lat", "installed", *ROLES)}
    mine = {f"{MINE}{key}": _typed(value) for key, value in one.attributes.items()}
    return {**{name: str(value) if value else "" for name, value in said.items()}, **mine}


def _typed(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def form(kind: Any, kept: Mapping[str, str], *, may_assign: bool) -> dict[str, Any]:
    """Give everything the form prints."""
    refs = sorted((names.words(r.names), str(r.id)) for r in organisations().values() if r.active)
    labels = {"responsible": _("Responsible"), "owner": _("Owner"), "maintainer": _("Maintained by")}
    return {
        "section": "map",
        "type": kind.code,
        "title": names.words(kind.names),
        "kept": kept,
        "place": _place(kept),
        "depth": 1,
        "accuracies": [
            (key, _("class {letter}: within {metres} m").format(letter=key, metres=metres))
            for key, metres in things.METRES.items()
        ],
        "attributes": [_input(one, kept) for one in kind.attributes.values()],
        "roles": [(role, label, kept.get(role, "")) for role, label in labels.items()] if may_assign else [],
        "organisations": refs,
    }


def _place(kept: Mapping[str, str]) -> dict[str, str]:
    return {name: str(kept.get(name, ""))[:24] for name in ("lon", "lat")}


def _input(one: Any, kept: Mapping[str, str]) -> dict[str, Any]:
    choices = [(choice.key, names.words(choice.names)) for choice in one.choices]
    if one.type == "bool":
        choices = [("true", _("Yes")), ("false", _("No"))]
    return {
        "key": one.key,
        "name": f"{MINE}{one.key}",
        "label": names.words(one.names),
        "unit": one.unit,
        "required": one.required,
        "kind": INPUTS.get(one.type, "text"),
        "choices": choices,
        "value": kept.get(f"{MINE}{one.key}", ""),
    }
