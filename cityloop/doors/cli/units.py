"""`cityloop units`: load the city's units, check them, ask where a point lies, reform them."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, verb
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import say
from cityloop.ground.loop.actor import Actor

BY = Actor(kind="rule", role="rule", name="command line")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
PREVIEW = click.option(
    "--preview", is_flag=True, help="Change nothing: say what becomes of the units, and of lines that name them."
)


@click.group()
def units() -> None:
    """Load the city's units, check them, ask where a point lies, reform them."""


@units.command("load")
@click.argument("map_file", metavar="MAP", type=FILE)
@click.option(
    "--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Where the files of the map stand."
)
@verb()
def load(out: Out, map_file: Path, folder: Path | None) -> int:
    """Make the city and its units from the units map MAP; see docs/reference/units-map.md."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.units.actions.load import load_units
    from cityloop.town.units.rules.coverage import largest

    done = load_units(read(map_file), folder or map_file.parent, by=BY, at=city_clock.now())
    out.give(
        msgspec.to_builtins({"city": done.city, "units": done.units, "layers": done.layers, "findings": done.findings})
    )
    out.say(f"{done.city}: " + ", ".join(f"{n} of level {level}" for level, n in done.units.items()))
    out.say(largest(done.findings))
    return OK


@units.command("check")
@verb()
def check(out: Out) -> int:
    """Look for gaps, overlaps and what sticks out of its parent."""
    from cityloop.town.units import queries
    from cityloop.town.units.rules.coverage import report

    found = queries.findings()
    out.give(msgspec.to_builtins(found))
    out.say(report(found))
    return FINDINGS if found else OK


@units.command("locate", context_settings={"ignore_unknown_options": True})
@click.argument("lon", type=float)
@click.argument("lat", type=float)
@verb()
def locate(out: Out, lon: float, lat: float) -> int:
    """Say in which unit the point LON LAT lies (WGS 84 degrees)."""
    from cityloop.town.units import queries

    code = queries.locate(lon, lat)
    if code is None:
        out.give(None)
        out.say("This place lies outside the city.")
        return FINDINGS
    path = queries.paths_of([code])[code]
    out.give({"code": code, "path": [{"code": part, "names": names} for part, names in path]})
    out.say(f"{code}  " + " / ".join(say(names, "en") for _, names in path))
    return OK


@units.command("split")
@click.argument("spec", type=FILE)
@PREVIEW
@verb()
def split(out: Out, spec: Path, preview: bool) -> int:
    """Divide a unit as SPEC says: code, parts (each names, and a shape as GeoJSON or the codes of its children)."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.units.actions import reform

    wanted = keys(read(spec), "code", "parts")
    parts, code = [_part(part, spec.parent) for part in wanted["parts"]], str(wanted["code"])
    return _reformed(out, preview, lambda: reform.split(code=code, parts=parts, by=BY, at=city_clock.now()))


@units.command("merge")
@click.argument("spec", type=FILE)
@PREVIEW
@verb()
def merge(out: Out, spec: Path, preview: bool) -> int:
    """Join units as SPEC says: codes, and names of the new one."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.units.actions import reform

    wanted = keys(read(spec), "codes", "names")
    codes = [str(code) for code in wanted["codes"]]
    named = wanted["names"]
    return _reformed(out, preview, lambda: reform.merge(codes=codes, names=named, by=BY, at=city_clock.now()))


@units.command("renumber")
@click.argument("spec", type=FILE)
@PREVIEW
@verb()
def renumber(out: Out, spec: Path, preview: bool) -> int:
    """Give units new codes as SPEC says: a table `codes` from old to new."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.units.actions import reform

    wanted = keys(read(spec), "codes")["codes"]
    if not isinstance(wanted, dict):
        raise Refusal("units.renumber.codes", "This is a table from old codes to new ones.", "codes")
    codes = {str(old): str(new) for old, new in wanted.items()}
    return _reformed(out, preview, lambda: reform.renumber(codes=codes, by=BY, at=city_clock.now()))


def _reformed(out: Out, preview: bool, act: Callable[[], Any]) -> int:
    """Reform, and let whoever keeps unit codes follow at once; a city being served would do it within seconds.

    Lines of responsibility follow too, in a version of the catalogue of their own: those concerned are listed.
    """
    from django.db import transaction

    from cityloop.town.catalog import queries as catalog
    from cityloop.town.units.tasks import publish_reforms

    with transaction.atomic():
        event = act()
        transaction.set_rollback(preview)
    lines = catalog.lines_at({*event.mapping, *event.became}.__contains__)
    if not preview:
        publish_reforms()
    told = {"mapping": dict(event.mapping), "relocate": sorted(event.relocate), "became": dict(event.became)}
    hanging = [{name: getattr(line, name) for name in ("matter", "unit", "lead", "source")} for line in lines]
    out.give({**told, "lines": hanging, "preview": preview})
    for old, new in event.became.items():
        out.say(f"{old} → {', '.join(new)}")
    if lines:
        out.say(f"{len(lines)} lines of responsibility name these codes, and follow:")
    for line in lines:
        out.say(f"  {line.unit}  {line.matter}  {line.lead}  ({line.source})")
    if preview:
        out.say("Nothing was changed.")
    return OK


def _part(spec: Any, folder: Path) -> Any:
    import shapely

    from cityloop.town.units.actions.reform import Part

    wanted = keys(spec, "names", field="parts")
    shape = wanted.get("shape")
    try:
        if isinstance(shape, str):
            shape = json.loads((folder / shape).read_text(encoding="utf-8"))
        polygon = shapely.from_geojson(json.dumps(shape)) if shape else None
    except (shapely.GEOSException, ValueError) as error:
        raise Refusal("units.split.shape", "Each part of a leaf needs a valid polygon.", "parts") from error
    return Part(names=wanted["names"], shape=polygon, children=tuple(str(c) for c in wanted.get("children", ())))


def keys(spec: Any, *names: str, field: str = "spec") -> dict[str, Any]:
    """Refuse a specification that lacks one of its keys."""
    missing = [name for name in names if not isinstance(spec, dict) or not spec.get(name)]
    if missing:
        raise Refusal("units.spec", "The specification lacks {names}.", field, names=", ".join(missing))
    return dict(spec)


def read(path: Path) -> Any:
    """Read a TOML or JSON file; refuse one that is neither."""
    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, UnicodeDecodeError) as error:
        raise Refusal("units.file", "{file} cannot be read: {why}", "file", file=path.name, why=str(error)) from error
