"""`cityloop plates`: which there are, and whether they pass the judge."""

from pathlib import Path
from typing import Any

import click

from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, verb
from cityloop.ground.kit.judge import judge
from cityloop.ground.kit.loader import load
from cityloop.ground.kit.manifest import Manifest
from cityloop.ground.kit.registry import plates as registered
from cityloop.ground.kit.scaffold import scaffold
from cityloop.ground.kit.words import say


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
@verb(django=False)
def list_(out: Out) -> int:
    """List the plates that are installed, with what each has."""
    rows = [_row(name, folder) for name, folder in registered().items()]
    out.give(rows)
    for row in rows:
        out.say(f"{row['plate']} {row['version']}  {say(row['names'])}  {row['folder']}")
        out.say("  " + ", ".join(f"{number} {what}" for what, number in row["counts"].items()))
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


COUNTED = ("matters", "organisations", "components", "observed", "services", "indicators", "plans", "datasets")


def _row(name: str, folder: Path) -> dict[str, Any]:
    made: Manifest = load(folder)
    counts = {what: len(getattr(made, what)) for what in COUNTED}
    return {"plate": name, "version": made.version, "names": made.names, "folder": str(folder), "counts": counts}
