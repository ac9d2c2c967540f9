"""`cityloop import`: bring a city's past in from a file, by a map."""

import csv
import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import click

from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, verb

SHOWN = 5  # rejected rows told on a terminal; all of them stand in the reject file
FILE = click.argument("file", type=click.Path(path_type=Path))
MAP = click.option("--map", "map_file", required=True, type=click.Path(path_type=Path), help="What the columns mean.")
REJECTS = click.option(
    "--rejects", type=click.Path(path_type=Path), help="Where to list the rows that cannot be taken."
)


@click.group("import")
def import_() -> None:
    """Bring a city's past in from a file, by a map."""


@import_.command("cases")
@FILE
@MAP
@REJECTS
@verb()
def cases(out: Out, file: Path, map_file: Path, rejects: Path | None) -> int:
    """Import requests; run it again after a break, or when the file has grown. A row rejected is a finding."""
    from cityloop.loops.cases.importing.actions import import_cases
    from cityloop.loops.cases.importing.mapping import read_map

    return take(out, "import", import_cases, file, read_map(map_file), rejects)


@import_.command("matters")
@FILE
@MAP
@click.option("--out", "folder", type=click.Path(path_type=Path), help="Write the plate into this folder.")
@verb()
def matters(out: Out, file: Path, map_file: Path, folder: Path | None) -> None:
    """List the kinds of request of a file as matters of a plate, to be edited before they are published."""
    from cityloop.loops.cases.importing.known import pairs, plate_of
    from cityloop.loops.cases.importing.mapping import read_map
    from cityloop.loops.cases.importing.writing import write_plate

    rules = read_map(map_file)
    plate = plate_of(rules, pairs(file, rules))
    if folder:
        out.say(f"{len(plate.matters)} matters written to {write_plate(plate, folder)}.")
    else:
        for matter in plate.matters:
            out.say(f"{matter.code}\t{matter.names['en']}")
    out.give([{"code": m.code, "names": m.names, "limit": m.limit} for m in plate.matters])


@import_.command("readings")
@FILE
@MAP
@REJECTS
@verb()
def readings(out: Out, file: Path, map_file: Path, rejects: Path | None) -> int:
    """Import readings of instruments; run it again after a break, or when the file has grown.

    It says how many went to the quarantine, and why. A row rejected is a finding, and so is a file none is kept of.
    """
    from cityloop.loops.sensing.importing.actions import import_readings
    from cityloop.loops.sensing.importing.mapping import read_map
    from cityloop.loops.sensing.rules.reasons import WORDS

    rules = read_map(map_file)
    tally = run(out, "import", import_readings, file, rules, rejects)
    code = tell(out, tally)
    for reason, number in tally.why.items():
        out.say(f"quarantined because of {reason}: {number:,}. {WORDS[reason]}")
    if "time" in tally.why and not rules.readings.zone:
        out.say("The map gives no zone: where times of the file name none, say it as `zone` in [readings].")
    nothing = tally.quarantined == tally.readings > 0
    return FINDINGS if nothing else code


@import_.command("schema")
@click.argument("kind", type=click.Choice(["cases", "readings"]), default="cases")
@verb(django=False)
def schema(out: Out, kind: str) -> None:
    """Give the JSON Schema of maps of cases, or of readings."""
    from cityloop.loops.cases.importing.mapping import ImportMap
    from cityloop.loops.sensing.importing.mapping import SensingMap

    give_schema(out, SensingMap if kind == "readings" else ImportMap)


def give_schema(out: Out, model: Any) -> None:
    """Give the JSON Schema of a map."""
    found = model.model_json_schema()
    out.say(json.dumps(found, indent=2, ensure_ascii=False))
    out.give(found)


def take(
    out: Out, words: str, taking: Callable[..., Any], file: Path, rules: Any, rejects: Path | None, **more: Any
) -> int:
    """Take the rows of a file by its map, and tell what became of them."""
    return tell(out, run(out, words, taking, file, rules, rejects, **more))


def run(
    out: Out, words: str, taking: Callable[..., Any], file: Path, rules: Any, rejects: Path | None, **more: Any
) -> Any:
    """Take the rows of a file by its map, a bar showing how far it is; give the tally."""
    from cityloop.home import home
    from cityloop.town.calendar.clock import city_clock

    reject_file = rejects or home() / "imports" / f"{file.name.split('.')[0]}.{rules.source.name}.rejected.csv"
    with progress(out, f"{words} {file.name}") as told:
        return taking(
            path=file, rules=rules, reject_file=reject_file, by=operator(), at=city_clock.now(), progress=told, **more
        )


def tell(out: Out, tally: Any) -> int:
    """Tell what became of the rows. One that could not be taken is a finding, and so is a file broken off."""
    say(out, tally.told())
    return FINDINGS if _rejected(out, Path(tally.reject_file)) else OK


def _rejected(out: Out, reject_file: Path) -> int:
    """Tell the first rows that could not be taken, and the last one: a file that was broken off says so there."""
    with reject_file.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        first = list(islice(rows, SHOWN))
        rest = enumerate(rows, 1)
        count, last = next(iter(deque(rest, 1)), (0, {}))
    for row in first:
        out.say(_told(row))
    if count > 1:
        out.say("…")
    if last:
        out.say(_told(last))
    return len(first) + count


def _told(row: dict[str, str]) -> str:
    return f"line {row['line']}: {row['field']}: {row['reason']}"


def operator() -> Any:
    """Whoever works at the command line acts as the rule of this name."""
    from cityloop.ground.loop.actor import Actor

    return Actor(kind="rule", role="rule", name="command line")


def say(out: Out, told: dict[str, Any]) -> None:
    """Tell what became of the rows."""
    for name, value in told.items():
        if not isinstance(value, dict):
            out.say(f"{name:12} {value:,}" if isinstance(value, int) else f"{name:12} {value}")
    out.give(told)


@contextmanager
def progress(out: Out, words: str) -> Iterator[Callable[[float, Any], None] | None]:
    """Show a bar on a terminal's error stream, none with --json."""
    if out.as_json:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rows]:,} rows"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(words, total=1.0, rows=0)
        yield lambda share, tally: bar.update(task, completed=share, rows=tally.rows)
        bar.update(task, completed=1.0)
