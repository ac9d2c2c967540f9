"""`cityloop cameras` and `cityloop detectors`: the register of the city's cameras, and programs that see things."""

import csv
import io
from pathlib import Path
from typing import Any

import click

from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, verb
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural

COLUMNS = ("key", "name", "link", "lon", "lat")


def _by() -> Any:
    from cityloop.ground.loop.actor import Actor

    return Actor(kind="rule", role="rule", name="command line")


@click.group()
def cameras() -> None:
    """The register of the city's cameras: where they stand, and their links into the video system."""


@cameras.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@verb()
def import_(out: Out, file: str) -> int:
    """Register the cameras of a CSV FILE with the columns key, name, link, lon, lat and, if wanted, level (0 to 3).

    A camera that is there already is changed. Rows that cannot be are told with their number, and the others taken.
    """
    from cityloop.loops.sensing.actions import eyes
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.tabular.whole import read_text

    taken, faults = 0, []
    rows = csv.DictReader(io.StringIO(read_text(Path(file), _bad)))
    if lacking := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
        raise _bad(Path(file), f"it has no column {lacking[0]}")
    for number, row in enumerate(rows, 2):
        try:
            eyes.register(
                key=(row["key"] or "").strip(), name=row["name"] or "", link=(row["link"] or "").strip(),
                lon=_number(row, "lon"), lat=_number(row, "lat"), 
                level=_level(row.get("level") or "0"), by=_by(), at=city_clock.now(),
            )  # fmt: skip
            taken += 1
        except Refusal as refusal:
            faults.append({"row": number, "field": refusal.field, "message": str(refusal)})
    out.give({"taken": taken, "rejected": faults})
    out.say(f"{taken} cameras taken, {len(faults)} rows rejected")
    for fault in faults:
        out.say(f"row {fault['row']}: {fault['field']}: {fault['message']}")
    return FINDINGS if faults else OK


def _bad(path: Path, why: str) -> Refusal:
    return Refusal("import.file", "{file}: {why}.", "file", file=path.name, why=why)


def _number(row: Any, name: str) -> float:
    try:
        return float(row[name])
    except (TypeError, ValueError):
        raise Refusal("cases.field.number", "{name} must be a number.", field=name, name=name) from None


def _level(text: str) -> int:
    """Read a level of confidentiality; one that is no whole number is never taken for a lower one."""
    level = natural(text.strip())
    if level is None:
        raise Refusal("sensing.camera.level", "The level is 0 to 3.", "level")
    return level


@cameras.command("list")
@verb()
def listed(out: Out) -> int:
    """List the cameras; their links are not shown."""
    from cityloop.loops.sensing import eyes

    rows = [
        {"key": one.key, "name": one.name, "unit": one.unit_code, "level": one.level, "lon": one.lon, "lat": one.lat}
        for one in eyes.every()
    ]
    out.give(rows)
    for row in rows:
        out.say(f"{row['key']}  {row['name']}  {row['unit']}  level {row['level']}")
    return OK


@cameras.command("remove")
@click.argument("key")
@verb()
def remove(out: Out, key: str) -> int:
    """Take the camera KEY out of the register; who looked through it stays on record."""
    from cityloop.loops.sensing.actions import eyes
    from cityloop.town.calendar.clock import city_clock

    eyes.take_down(key=key, by=_by(), at=city_clock.now())
    out.give({"removed": key})
    out.say(f"{key} is taken out.")
    return OK


@click.group()
def detectors() -> None:
    """Programs outside that see things on videos and tell the city, signed."""


@detectors.command("admit")
@click.argument("key")
@click.option("--class", "classes", multiple=True, required=True, help="CLASS=MATTER, as often as needed.")
@verb()
def admit(out: Out, key: str, classes: tuple[str, ...]) -> int:
    """Admit the detector KEY, or admit it anew; print the secret with which it signs, once."""
    from cityloop.loops.sensing.actions import eyes
    from cityloop.town.calendar.clock import city_clock

    pairs = dict(one.split("=", 1) for one in classes if "=" in one)
    if len(pairs) != len(classes):
        raise click.UsageError("Give each --class as CLASS=MATTER.")
    secret = eyes.admit(key=key, classes=pairs, by=_by(), at=city_clock.now())
    out.give({"secret": secret})
    out.say(secret)
    return OK


@detectors.command("list")
@verb()
def admitted(out: Out) -> int:
    """List the detectors, with the matters of their classes."""
    from cityloop.loops.sensing import eyes

    rows = [{"key": one.key, "classes": one.classes} for one in eyes.detectors()]
    out.give(rows)
    for row in rows:
        out.say(f"{row['key']}  {', '.join(f'{kind}={matter}' for kind, matter in row['classes'].items())}")
    return OK


@detectors.command("dismiss")
@click.argument("key")
@verb()
def dismiss(out: Out, key: str) -> int:
    """Take nothing more from the detector KEY."""
    from cityloop.loops.sensing.actions import eyes
    from cityloop.town.calendar.clock import city_clock

    eyes.dismiss(key=key, by=_by(), at=city_clock.now())
    out.give({"dismissed": key})
    out.say(f"{key} is dismissed.")
    return OK
