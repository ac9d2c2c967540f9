"""`cityloop init`: from boundaries to a running city, by one file or by answers. All is checked first."""

import tomllib
from pathlib import Path
from typing import Any

import click
import msgspec

from cityloop.doors.cli import init_asking
from cityloop.doors.cli.check import missing
from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, verb
from cityloop.ground.kit import toml
from cityloop.ground.loop.actor import Actor

BY = Actor(kind="rule", role="rule", name="command line")
HEAD = "# A city file: `cityloop init FILE` sets the city up from it. Every key: docs/reference/city-file.md\n"


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--write", type=click.Path(dir_okay=False, path_type=Path), help="Keep the answers as a city file.")
@click.option("--check", "only_check", is_flag=True, help="Look through the file and write nothing.")
@verb()
def init(out: Out, file: Path | None, write: Path | None, only_check: bool) -> int:
    """Set this city up from the city file FILE, or from answers to questions; see docs/reference/city-file.md."""
    from cityloop.town.founding import checks, queries, reading

    if file and write:
        raise click.UsageError("--write keeps answers to questions; with a city file there are none to keep.")
    _may_write(write)
    queries.refuse_second()
    draft = reading.read(file) if file else _asked(write)
    checked = checks.check(draft)
    if draft.problems:
        return _problems(out, draft.problems)
    _tell_checked(out, checked)
    if only_check:
        out.give({"problems": [], "units": checked.units, "notes": msgspec.to_builtins(checked.notes)})
        return OK
    if file is None and not click.confirm("Set this city up now?", default=True):
        return OK
    return _found(out, checked)


def _may_write(write: Path | None) -> None:
    """Ask before writing over what somebody wrote; who says nothing, as a script does, is refused."""
    if write and write.exists() and not click.confirm(f"{write} is there already. Write over it?", default=False):
        raise click.UsageError(f"{write} is there already and stays as it is; name another file.")


def _asked(write: Path | None) -> Any:
    """Ask, keep the answers where that is wanted, and take them as the file would be taken."""
    from cityloop.town.founding import reading

    folder = write.parent if write else Path()
    folder.mkdir(parents=True, exist_ok=True)  # now: after all those questions is too late to find it lacking
    text = toml.written(init_asking.ask(folder), HEAD)
    if write:
        write.write_text(text, encoding="utf-8")
        click.echo(f"Kept in {write}.")
        return reading.read(write)
    return reading.answered(tomllib.loads(text), folder)


def _problems(out: Out, problems: list[Any]) -> int:
    out.give({"problems": [problem._asdict() for problem in problems]})
    for problem in problems:
        out.say(f"{problem}  [{problem.code}]")
    out.say(f"{len(problems)} to mend; nothing was written.")
    return FINDINGS


def _tell_checked(out: Out, checked: Any) -> None:
    from cityloop.town.units.rules.coverage import largest

    out.say("Units: " + ", ".join(f"{number} of level {level}" for level, number in checked.units.items()))
    if checked.notes:
        out.say("Worth a look, and no hindrance:\n" + largest(checked.notes))
    if not checked.plates:
        out.say("No plate is switched on: until one is, there is nothing that could be reported.")


def _found(out: Out, checked: Any) -> int:
    from django.core.management import call_command

    from cityloop.town.calendar.clock import system_now
    from cityloop.town.founding.actions import found

    call_command("migrate", verbosity=0, interactive=False)
    now = system_now()
    made = found(checked=checked, by=BY, at=now, real=now)
    wanting = len(missing(now)) if checked.plates else 0  # without a plate there is no matter to be missed for
    out.give(
        {
            "city": made.city,
            "units": checked.units,
            "plates": [plate.key for plate in checked.plates],
            "accounts": made.accounts,
            "notes": msgspec.to_builtins(checked.notes),
            "missing": wanting,
        }
    )
    out.say(f"{made.city} is set up." + (" Passwords, told this once:" if made.accounts else ""))
    for row in made.accounts:
        out.say("  {user:14} {password}".format(**row))
    if wanting:
        out.say(f"Posts are still to be filled in {wanting} places: cityloop check says which.")
    out.say("Open it: cityloop serve")
    return OK
