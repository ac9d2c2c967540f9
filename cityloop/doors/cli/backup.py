"""`cityloop backup` and `cityloop restore`: the whole city in one file, and back."""

from dataclasses import asdict
from pathlib import Path

import click

from cityloop.doors.cli.verb import Out, verb


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@verb()
def backup(out: Out, file: Path) -> None:
    """Write the whole city to FILE, as it stands at one moment; it may go on meanwhile.

    The keys are not in it: keep `secret.key` and the folder `keys` of the home folder apart from it.
    """
    from cityloop.town.backup.actions import keep

    held = keep(file)
    out.give({**asdict(held), "file": str(file)})
    out.say(f"{file}: {held.tables} tables, {held.rows:,} rows, {held.files:,} files, {held.bytes / 1e6:,.1f} MB.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@verb()
def restore(out: Out, file: Path) -> None:
    """Bring the city in FILE back, into an empty database of either kind: all of it or nothing.

    Put its keys into the home folder first. Afterwards `cityloop ledger verify --rebuild` holds it against its record.
    """
    from cityloop.town.backup.actions import bring_back

    held = bring_back(file)
    out.give({**asdict(held), "file": str(file)})
    out.say(f"{held.tables} tables, {held.rows:,} rows and {held.files:,} files are back.")
