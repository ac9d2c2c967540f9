"""`cityloop plates`: which there are, whether they pass the judge, and switching them on and off."""

from pathlib import Path
from typing import Any

import click

from cityloop.doors.cli.import_ import give_schema
from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, tableless, verb
from cityloop.ground.kit.judge import judge
from cityloop.ground.kit.loader import PlateRefused, load
from cityloop.ground.kit.manifest import Manifest
from cityloop.ground.kit.quality import Quality
from cityloop.ground.kit.registry import plates as registered
from cityloop.ground.kit.scaffold import scaffold
from cityloop.ground.kit.shelf import take
from cityloop.ground.kit.stories import StoryFile
from cityloop.ground.kit.words import say
from cityloop.ground.loop.actor import Actor

SCHEMAS = {"plate": Manifest, "stories": StoryFile, "quality": Quality}
BY = Actor(kind="rule", role="rule", name="command line")


@click.group()
def plates() -> None:
    """The domains a city switches on, each a folder of data."""


@plates.command("check")
@click.argument("folders", metavar="[FOLDER]...", nargs=-1, type=click.Path(exists=True, file_okay=False))
@verb(django=False)
def check(out: Out, folders: tuple[str, ...]) -> int:
    """Judge the plates in these folders, or all that are installed; name each finding with file, line and key."""
    asked = {Path(folder).resolve().name: Path(folder) for folder in folders} or registered()
    found = {name: judge(folder, "" if folders else name) for name, folder in asked.items()}
    out.give(
        [
            {"plate": name, "folder": str(asked[name]), "findings": [problem._asdict() for problem in problems]}
            for name, problems in found.items()
        ]
    )
    for name, problems in found.items():
        out.say(f"{name}: {f'{len(problems)} findings' if problems else 'passes'}")
        for problem in problems:
            out.say(f"  {problem.code}  {problem}")
    return FINDINGS if any(found.values()) else OK


@plates.command("list")
@verb()
def list_(out: Out) -> int:
    """List the plates that are installed, with what each has, and which are on."""
    on = _switched_on()
    rows = [_row(name, folder, on) for name, folder in registered().items()]
    out.give(rows)
    for row in rows:
        _say(out, row)
    return FINDINGS if any("problems" in row for row in rows) else OK


@plates.command("on")
@click.argument("name")
@verb()
def on(out: Out, name: str) -> int:
    """Switch the plate NAME on: its matters join the catalogue, organisations that are missing are made."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.catalog import actions, standing

    manifest = take(name).manifest
    added = standing.addition(manifest)
    version = actions.switch_on(plate=manifest, by=BY, at=city_clock.now())
    made, kept = [org.key for org in added.new], [org.key for org in added.there]
    out.give({"plate": name, "on": True, "catalogue": version.number, "made": made, "kept": kept})
    out.say(f"{name} is on: version {version.number} of the catalogue, {added.matters} matters more.")
    out.say(f"  {len(made)} organisations made, {len(kept)} were there already.")
    return OK


@plates.command("off")
@click.argument("name")
@verb()
def off(out: Out, name: str) -> int:
    """Switch the plate NAME off: no more of its matters are filed, cases that are open go on."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.catalog import actions

    version = actions.switch_off(plate=name, by=BY, at=city_clock.now())
    out.give({"plate": name, "on": False, "catalogue": version.number})
    out.say(f"{name} is off: version {version.number} of the catalogue. Open cases go on; nothing is thrown away.")
    return OK


@plates.command("renew")
@click.argument("name")
@verb()
def renew(out: Out, name: str) -> int:
    """Take over what is new in the folder of the plate NAME; what the city changed of it stays."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.catalog import actions, differences, standing

    found = differences.each(standing.one(name).newer)
    version = actions.renew(plate=take(name).manifest, by=BY, at=city_clock.now())
    out.give({"plate": name, "catalogue": version.number, "differences": found})
    out.say(f"{name} is renewed: version {version.number} of the catalogue, {len(found)} things are different.")
    for one in found:
        out.say(f"  {one['part']} {one['key']} {one['kind']}")
    return OK


@plates.command("new")
@click.argument("name")
@click.option("--in", "home", default=".", type=click.Path(exists=True, file_okay=False), help="Where its folder goes.")
@verb(django=False)
def new(out: Out, name: str, home: str) -> int:
    """Make a plate that passes the judge, and say what to do next."""
    folder = scaffold(name, Path(home))
    out.give({"plate": name, "folder": str(folder)})
    out.say(f"Made {folder}. Next:")
    out.say("  1. write what the field deals with into plate.toml, its words into strings/, a story of each matter")
    out.say(f"  2. cityloop plates check {folder}    after each change")
    out.say("  3. go through quality.toml: what is todo there is still to be written")
    out.say("  Step by step: docs/how-to/a-plate-in-an-hour.md")
    return OK


@plates.command("schema")
@click.argument("part", type=click.Choice(sorted(SCHEMAS)), default="plate")
@verb(django=False)
def schema(out: Out, part: str) -> None:
    """Give the JSON Schema of a plate's manifest, of its stories or of its quality file, for editors."""
    give_schema(out, SCHEMAS[part])


def _switched_on() -> dict[str, str]:
    """Give the version published of each plate that is on; nothing where there is no city yet."""
    from django.db import DatabaseError

    from cityloop.town.catalog import queries

    try:
        return {plate.key: plate.version for plate in queries.published().plates}
    except DatabaseError as error:
        if not tableless(error):
            raise
        return {}


def _row(name: str, folder: Path, on: dict[str, str]) -> dict[str, Any]:
    """Give what the list says of a plate; of one that cannot be read why, so that it hides no other."""
    placed = {"plate": name, "on": on.get(name, ""), "folder": str(folder)}
    try:
        made: Manifest = load(folder)
    except PlateRefused as refused:
        return {**placed, "problems": [problem._asdict() for problem in refused.problems]}
    return {**placed, "version": made.version, "names": made.names, "counts": made.counts()}


def _say(out: Out, row: dict[str, Any]) -> None:
    stands = f"  on ({row['on']})" if row["on"] else ""
    if "problems" in row:
        out.say(f"{row['plate']}  cannot be read  {row['folder']}{stands}")
        out.say(f"  cityloop plates check {row['folder']}    says why")
        return
    out.say(f"{row['plate']} {row['version']}  {say(row['names'])}  {row['folder']}{stands}")
    out.say("  " + ", ".join(f"{number} {what}" for what, number in row["counts"].items()))
