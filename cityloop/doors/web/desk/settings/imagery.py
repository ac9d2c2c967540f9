"""Pictures from above at the desk: which layers there are, a new one, what is said of one."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from cityloop.doors.web import imagery as above
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
from cityloop.doors.web.guards import scope_of
from cityloop.doors.web.show import names
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.town.calendar.clock import city_clock
from cityloop.town.imagery import actions, pictures, rules, wmts
from cityloop.town.imagery import queries as imagery

FIELDS = (
    "key", "names", "kind", "address", "capabilities", "layer", "time", "cog", "taken_from", "taken_to", "bounds",
    "zooms", "level",
)  # fmt: skip
EVERYBODY = "public"


def kinds() -> list[tuple[str, str]]:
    """Name the kinds of layers."""
    return [("xyz", _("Tiles at an address")), ("wmts", _("WMTS service")), ("cog", _("GeoTIFF of our own"))]


def viewers() -> list[tuple[str, str]]:
    """Say who may look."""
    said = _("Posts with confidentiality {n} and above")
    return [
        ("0", _("Every post that sees cases")),
        *((str(n), said.format(n=n)) for n in (1, 2, 3)),
        (EVERYBODY, _("Everybody")),
    ]


@settings_page
def listed(request: HttpRequest) -> HttpResponse:
    """List the layers; take in a new one. One query."""
    wrong = Wrong()
    if request.method == "POST":
        key = text(request, "key")
        wrong = attempt(request, lambda: keep(request, key, None), FIELDS, _("The layer is there."))
        if not wrong:
            return go(reverse("desk:settings-imagery-layer", args=[key]))
    typed = request.POST if request.method == "POST" else {"kind": "xyz", "level": "0"}
    return draw(request, "imagery", "imagery", {**choices(), "rows": rows(request), **form(typed, wrong)}, wrong.status)


def rows(request: HttpRequest) -> list[dict[str, Any]]:
    """Give the layers as rows: all to who sets the city up, to others those they may look at."""
    scope = scope_of(request)
    known = imagery.every() if scope.setter() else imagery.shown(scope)
    kind, who = dict(kinds()), dict(viewers())
    return [
        {
            "key": one.key, "name": names.words(one.names), "taken": above.taken(one), "kind": kind[one.kind],
            "who": who[EVERYBODY if one.public else str(one.level)],
            "gone": one.kind == "cog" and not imagery.version(one),
        }
        for one in known
    ]  # fmt: skip


def choices() -> dict[str, Any]:
    """Give what the form offers."""
    return {"kinds": kinds(), "viewers": viewers(), "files": imagery.files(), "readable": pictures.readable()}


def form(typed: Any, wrong: Wrong) -> dict[str, Any]:
    """Give what was typed and what is wrong with it."""
    return {"typed": typed, "wrong": wrong}


@settings_page
def one(request: HttpRequest, key: str) -> HttpResponse:
    """Show a layer; take in what is changed of it, or take it out. One query."""
    scope, wrong = scope_of(request), Wrong()
    row = imagery.one(key) if scope.setter() else imagery.looked_at(scope, key)
    if request.method == "POST":
        what = text(request, "do")
        wrong = attempt(request, lambda: change(request, row, what), FIELDS)
        if not wrong:
            return go(reverse("desk:settings-imagery") if what == "remove" else request.path)
    typed = request.POST if request.method == "POST" else written(row)
    more = {
        **choices(),
        **form(typed, wrong),
        "layer": row,
        "name": names.words(row.names),
        "taken": above.taken(row),
        "kind": dict(kinds())[row.kind],
        "who": dict(viewers())[EVERYBODY if row.public else str(row.level)],
        "map": above.Shown([row], above.listing([row])),
    }
    answer = draw(request, "imagery_layer", "imagery", more, wrong.status)
    return above.allow(answer, [row])


def change(request: HttpRequest, row: Any, what: str) -> None:
    """Make the change that a form of this page asks for."""
    if what == "keep":
        keep(request, row.key, row)
    elif what == "remove":
        actions.remove(key=row.key, by=setter(request), at=city_clock.now())
    else:
        raise changing(what)


def keep(request: HttpRequest, key: str, row: Any) -> None:
    """Keep what the form says."""
    first, last = text(request, "taken_from"), text(request, "taken_to")
    who = text(request, "level")
    level = 0 if who == EVERYBODY else natural(who or "0")
    about = actions.About(
        names=spoken(request, "names"), kind=text(request, "kind"),
        taken_from=rules.day(first, "taken_from"), taken_to=rules.day(last or first, "taken_to"),
        licence=text(request, "licence"), public=who == EVERYBODY, level=-1 if level is None else level,
        **{"attribution": text(request, "attribution"), **source(request, row)},
    )  # fmt: skip
    actions.register(key=key, about=about, new=row is None, by=setter(request), at=city_clock.now())


def source(request: HttpRequest, row: Any) -> dict[str, Any]:
    """Read where the tiles are: an address, a capabilities document that was sent along, or a file that lies here."""
    kind, edges, span = (text(request, name) for name in ("kind", "bounds", "zooms"))
    if kind == "cog":
        return {"address": text(request, "cog")}
    low, high = rules.span(span) if span else (None, None)
    box = rules.edges(edges) if edges else None
    sent = request.FILES.get("capabilities")
    if kind != "wmts" or (sent is None and row is not None and row.kind == "wmts"):
        return {"address": text(request, "address"), "box": box, "shallowest": low, "deepest": high}
    if sent is None:
        raise Refusal("imagery.wmts.missing", "Send the capabilities document of the service along.", "capabilities")
    body, layer, time = sent.read(wmts.LARGEST + 1), text(request, "layer"), text(request, "time")
    said = text(request, "attribution")
    return wmts.source(body, layer, time, box=box, zooms=(low, high), attribution=said)


def written(row: Any) -> dict[str, Any]:
    """Give a layer as its form shows it."""
    return {
        "names_en": row.names.get("en", ""), "names_zh": row.names.get("zh-hans", ""), "kind": row.kind,
        "address": "" if row.kind == "cog" else row.address, "cog": row.address if row.kind == "cog" else "",
        "taken_from": str(row.taken_from), "taken_to": "" if row.taken_to == row.taken_from else str(row.taken_to),
        "bounds": ", ".join(f"{edge:.6f}".rstrip("0").rstrip(".") for edge in row.box),
        "zooms": f"{row.shallowest}-{row.deepest}", "attribution": row.attribution, "licence": row.licence,
        "level": EVERYBODY if row.public else str(row.level),
    }  # fmt: skip
