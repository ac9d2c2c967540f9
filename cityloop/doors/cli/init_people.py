"""The second half of the questions of `cityloop init`: hours, plates, organisations, first accounts."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import click

from cityloop.ground.kit.loader import PlateRefused, load
from cityloop.ground.kit.manifest import Manifest
from cityloop.ground.kit.registry import plates as installed
from cityloop.ground.kit.routing import Table
from cityloop.town.orgs.centres import CENTRES, COMMAND, SUPERVISION

# Whom the loop needs at the two centres: the user name proposed, the role, where.
NEEDED = (
    ("intake", "intake_officer", SUPERVISION),
    ("shift", "shift_leader", SUPERVISION),
    ("inspector", "inspector", SUPERVISION),
    ("dispatcher", "dispatcher", COMMAND),
)
HOURS = {"CN": "08:30-12:00, 14:00-17:30"}
Row = dict[str, Any]


def people(city: Mapping[str, Any]) -> Row:
    """Ask for all that a city file says besides units."""
    calendar = _calendar(city["country"])
    names, manifests = _plates()
    organisations = _organisations(city["languages"], manifests)
    answers: Row = {"plates": names, "calendar": calendar, "organisations": organisations}
    return {**answers, "accounts": _accounts(manifests)}


def _calendar(country: str) -> Row:
    holidays = click.prompt("Public holidays of which country (ISO code, - for none)", default=country or "-")
    hours = click.prompt("Working hours of a day", default=HOURS.get(country, "09:00-17:00"))
    days = click.prompt("Days worked", default="mon, tue, wed, thu, fri")
    return {"country": holidays.strip("-").upper(), "hours": listed(hours), "days": listed(days)}


def listed(text: str) -> list[str]:
    """Give the parts of an answer, parted by commas, Chinese or not, or by spaces."""
    return [part for part in re.split(r"[,，、\s]+", text) if part]


def _plates() -> tuple[list[str], list[Manifest]]:
    known = installed()
    click.echo(f"Plates that are installed: {', '.join(known)}")
    names = listed(click.prompt("Switch on (- for none)", default="municipal" if "municipal" in known else "-"))
    names = [name for name in names if name != "-"]
    manifests = []
    for name in names:
        try:
            manifests += [load(known[name])] if name in known else []
        except PlateRefused:
            continue  # told with everything else, when all is checked
    return names, manifests


def _organisations(languages: Sequence[str], plates: Sequence[Manifest]) -> list[Row]:
    """Give the centres that no plate brings, and what else the city has."""
    brought = {org.key for plate in plates for org in plate.organisations}
    rows = [
        {"key": key, "names": {lang: names[lang] for lang in languages}}
        for key, names in CENTRES.items()
        if key not in brought
    ]
    while key := click.prompt("Another organisation, by its key (nothing: go on)", default="", show_default=False):
        names = {lang: click.prompt(f"Its name ({lang})") for lang in languages}
        rows.append({"key": key, "names": names})
    return rows


def _accounts(plates: Sequence[Manifest]) -> list[Row]:
    engineer = click.prompt("User name of the city engineer, who may change settings", default="engineer")
    rows = [_account(engineer, "city_engineer", "")]
    leads = sorted({key for plate in plates for key in Table(plate.rules()).organisations()})
    number = len(NEEDED) + len(leads)
    if click.confirm(f"An account for each post that the loop needs ({number})?", default=True):
        rows += [_account(user, role, where) for user, role, where in NEEDED]
        rows += [_account(key, "department_officer", key) for key in leads]
    return rows


def _account(user: str, role: str, organisation: str) -> Row:
    return {"user": user, "posts": [{"role": role, **({"organisation": organisation} if organisation else {})}]}
