"""`cityloop loop`: prove a loop definition."""

from pathlib import Path

import click
import msgspec

from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, verb
from cityloop.ground.loop.verify import verify_text


@click.group()
def loop() -> None:
    """Loop definitions."""


@loop.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@verb(django=False)
def verify(out: Out, file: str) -> int:
    """Prove what can be proved of the definition in FILE; name each finding with code, where and message."""
    try:
        found = verify_text(Path(file).read_bytes())
    except UnicodeDecodeError:
        raise click.UsageError(f"{file} is not UTF-8 text.") from None
    out.give([msgspec.to_builtins(f) for f in found])
    for finding in found:
        out.say(f"{finding.code}  {finding.where}: {finding.message}")
    if not found:
        out.say("Proved: no finding.")
    return FINDINGS if found else OK
