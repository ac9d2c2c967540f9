"""`cityloop catalogue`: out as a file, in from one, and a change tried on past cases before it is made."""

from pathlib import Path
from typing import Any

import click

from cityloop.doors.cli.import_ import operator
from cityloop.doors.cli.main import FINDINGS
from cityloop.doors.cli.verb import Out, verb
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import say

FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group()
def catalogue() -> None:
    """The catalogue: take it out as a file, take one in, try a change on the cases that came in lately."""


@catalogue.command("export")
@FILE
@click.option("--overwrite", is_flag=True, help="Write over a file that is there.")
@verb()
def export(out: Out, file: Path, overwrite: bool) -> None:
    """Write the catalogue into FILE: plates, lines of the city's own, and the organisations they name."""
    from cityloop.town.catalog import outgoing, queries

    now = queries.current()
    if file.exists() and not overwrite:
        raise Refusal("catalog.file.there", "{file} is there already; add --overwrite.", "file", file=str(file))
    file.write_text(outgoing.file(), encoding="utf-8")
    out.give({"file": str(file), "version": now.number, "digest": now.digest})
    out.say(f"Version {now.number} of the catalogue is in {file}. Digest {now.digest}.")


@catalogue.command("import")
@FILE
@click.option("--preview", is_flag=True, help="Say what would change, and change nothing.")
@verb()
def bring(out: Out, file: Path, preview: bool) -> int | None:
    """Publish what FILE holds as the catalogue of this city; it is checked whole before anything is written."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.catalog import actions, differences, exchange, incoming

    try:
        reading = _read(file)
        looked = incoming.looked(reading)
    except exchange.FileRefused as refused:
        return _faults(out, refused)
    told: dict[str, Any] = {
        "file": str(file),
        "preview": preview,
        "changes": differences.plain(looked.changes),
        "organisations": [one.key for one in looked.organisations],
        "rests": [one.key for one in looked.rests],
        "unplaced": looked.unplaced,
        "digest": reading.digest,
    }
    _say(out, told)
    if not preview:
        version = actions.take_in(reading=reading, by=operator(), at=city_clock.now())
        told |= {"version": version.number, "digest": version.digest}
        out.say(f"In force: version {version.number} of the catalogue. Digest {version.digest}.")
    out.give(told)
    return None


@catalogue.command("try")
@FILE
@click.option("--since", default="", metavar="DATE", help="From this day; thirty days before the end where empty.")
@click.option("--until", default="", metavar="DATE", help="Up to and with this day; now where empty.")
@verb()
def attempt(out: Out, file: Path, since: str, until: str) -> int | None:
    """Say what FILE would have meant for past cases: who leads, which limits run. Nothing is written."""
    from cityloop.loops.cases import trying
    from cityloop.town.catalog import exchange, incoming, trial

    try:
        looked = incoming.looked(_read(file))
    except exchange.FileRefused as refused:
        return _faults(out, refused)
    found = trying.tried(looked.made, trying.days(since, until))
    told = trial.plain(found)
    out.give(told)
    out.say(f"{found.cases:,} cases came in; nothing was written.")
    for row in told["routed"]:
        out.say(f"{row['cases']:>10,}  {row['matter']}: {_who(row['was'])} -> {_who(row['now'])}")
    for row in told["timed"]:
        limits = f"{', '.join(row['was'])} -> {', '.join(row['now'])}"
        out.say(f"{row['cases']:>10,}  {row['matter']}: {limits} ({row['sooner']:,} sooner, {row['later']:,} later)")
    for what, words in (("gone", "not offered"), ("new", "offered again")):
        for row in told[what]:
            out.say(f"{row['cases']:>10,}  {row['matter']}: {words}")
    if found.same:
        out.say("Nothing would have been different.")
    return None


def _read(file: Path) -> Any:
    from cityloop.town.catalog import exchange

    try:
        return exchange.read(file.read_text(encoding="utf-8-sig"), file.name)
    except OSError as error:
        raise Refusal("catalog.file.unread", "{file} cannot be read.", "file", file=str(file)) from error
    except UnicodeDecodeError as error:
        raise Refusal("catalog.file.encoding", "Write this file in UTF-8.", "file") from error


def _faults(out: Out, refused: Any) -> int:
    out.give({"error": {"code": refused.code, "message": str(refused), "field": refused.field},
              "problems": [problem._asdict() for problem in refused.problems]})  # fmt: skip
    for problem in refused.problems:
        out.say(f"{problem.code}  {problem}")
    return FINDINGS


def _say(out: Out, told: dict[str, Any]) -> None:
    """Say what changes, a line for each thing."""
    for change in told["changes"]:
        out.say(f"{change['plate'] or 'the lines of the city'}: {change['kind']}")
        for one in change["differences"]:
            fields = ", ".join(field["name"] for field in one["fields"])
            out.say(f"  {one['part']} {one['key']} {one['kind']}{f': {fields}' if fields else ''}  {say(one['names'])}")
    for what, words in (("organisations", "made"), ("rests", "laid to rest"), ("unplaced", "no such unit here")):
        if told[what]:
            out.say(f"{words}: {', '.join(told[what])}")
    if not told["changes"]:
        out.say("It is what is in force.")


def _who(who: dict[str, Any]) -> str:
    return " + ".join([who["lead"] or "nobody", *who["assisting"]])
