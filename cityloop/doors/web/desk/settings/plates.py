"""The plates at the desk: which there are, what each would bring, and switching one on or off."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from cityloop.doors.web.desk.settings.guards import (
    Wrong,
    attempt,
    changing,
    draw,
    go,
    refused,
    setter,
    settings_page,
    text,
)
from cityloop.doors.web.guards import scope_of
from cityloop.doors.web.show import differences, names, plate, trial
from cityloop.ground.kit import shelf
from cityloop.ground.kit.manifest import Manifest
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import trying
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import actions, drafts, standing
from cityloop.town.catalog import queries as catalog
from cityloop.town.catalog.standing import Standing
from cityloop.town.orgs import queries as orgs


@dataclass(frozen=True, slots=True)
class Card:
    """A plate in the list."""

    key: str
    name: str
    about: str
    on: bool
    version: str
    newer: str
    counts: list[tuple[str, str]]


@settings_page
def listed(request: HttpRequest) -> HttpResponse:
    """Show every plate as a card, those that are on first. One query."""
    found = standing.everyone()
    cards = [card(one) for one in sorted(found, key=lambda one: not one.on)]
    return draw(request, "plates", "plates", {"cards": cards, "on": sum(one.on for one in cards)})


def card(one: Standing) -> Card:
    """Give what the list says of a plate."""
    return Card(
        key=one.key,
        name=names.words(one.manifest.names) if one.manifest else one.key,
        about=about(one),
        on=one.on,
        version=one.version or one.installed,
        newer=one.installed if one.on and one.installed != one.version else "",
        counts=plate.counted(one.counts),
    )


def about(one: Standing) -> str:
    """Say what a plate is for, or why nothing says so."""
    if one.manifest is None:
        return _("Its folder cannot be read.")
    return names.words(one.manifest.about) or (
        "" if one.installed else _("Published by this city from files of its own.")
    )


@settings_page
def one(request: HttpRequest, key: str) -> HttpResponse:
    """Show a plate whole, with what switching it on adds; switch it on or off."""
    wrong, tried = Wrong(), dict[str, Any]()
    if text(request, "do").startswith("try-"):
        tried, wrong = attempted(request, key)
    elif request.method == "POST":
        done = _("Published as a new version of the catalogue.")
        wrong = attempt(request, lambda: take(request, key), (), done)
        if not wrong:
            return go(request.path)
    days = tried or trial.days(trying.span(city_clock.now()))
    more = {"trial": tried, "days": days, "wrong": wrong}
    return draw(request, "plate", "plates", {**page(standing.one(key)), **more}, wrong.status)


def attempted(request: HttpRequest, key: str) -> tuple[dict[str, Any], Wrong]:
    """Try on past cases what switching or taking over would mean; nothing is written."""
    try:
        now, what = catalog.published(), text(request, "do")
        if what == "try-on":
            made = drafts.with_plate(now, shelf.take(key).manifest)
        elif what == "try-off":
            made = drafts.without_plate(now, key)
        elif what == "try-renew":
            made = drafts.renewed(now, shelf.take(key).manifest, catalog.own_changes(key))
        else:
            raise changing(what)
        return trial.tried(made, trial.asked(request.POST), scope_of(request)), Wrong()
    except Refusal as refusal:
        return {}, refused(refusal, ("since", "until"))


def take(request: HttpRequest, key: str) -> None:
    """Switch on or off, on the version of the catalogue that the form was made on."""
    by, at, on, what = setter(request), city_clock.now(), text(request, "on"), text(request, "do")
    if what == "on":
        actions.switch_on(plate=shelf.take(key).manifest, on=on, by=by, at=at)
    elif what == "off":
        actions.switch_off(plate=key, on=on, by=by, at=at)
    elif what == "renew":
        actions.renew(plate=shelf.take(key).manifest, on=on, by=by, at=at)
    else:
        raise changing(what)


def page(found: Standing) -> dict[str, Any]:
    """Give everything the page of a plate prints. Two queries."""
    shown = {"card": card(found), "broken": found.broken, "digest": found.catalogue, "key": found.key}
    if found.manifest is None:
        return shown
    known, wanted = orgs.directory(), found.manifest.organisations
    called = _called(found.manifest, known)
    called_by_key = {key: names.words(ref.names) for key, ref in known.items()}
    organisations = [(org.key, called(org.key), org.key in known) for org in wanted]
    has = sum(there for _key, _name, there in organisations)
    return {
        **shown,
        "newer": differences.parts(found.newer, called_by_key),
        "basis": names.words(found.manifest.basis.words) if found.manifest.basis else "",
        "ours": found.manifest.basis is not None and found.manifest.basis.limits == "ours",
        "organisations": organisations,
        "adds": len(organisations) - has,
        "has": has,
        "parts": plate.parts(found.counts, len(found.stories)),
        "told": plate.told(found.manifest, found.stories, called),
    }


def _called(manifest: Manifest, known: dict[str, orgs.OrgRef]) -> plate.Called:
    """Name organisations as the city names them, those that it does not have yet as the plate does."""
    said = {org.key: org.names for org in manifest.organisations} | {key: ref.names for key, ref in known.items()}
    return lambda key: names.words(said[key]) if key in said else key
