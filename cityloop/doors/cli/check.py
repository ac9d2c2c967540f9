"""`cityloop check`: who is missing where."""

import click
import msgspec

from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, verb


@click.command()
@verb()
def check(out: Out) -> int:
    """List each matter × unit that lacks an eligible person on a track, or has only one."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.catalog.queries import missing
    from cityloop.town.units.queries import valid

    leaves = valid().filter(is_leaf=True).order_by("code").values_list("code", flat=True)
    found = missing(list(leaves), city_clock.now())
    out.give([msgspec.to_builtins(f) for f in found])
    for f in found:
        where = f"{f.unit_code or 'the whole city'} ({f.units} units)"
        out.say(f"{f.problem}: {f.role or f.track} for {', '.join(f.matters[:5])} in {where}")
    if not found:
        out.say("Every matter has somebody on both tracks, everywhere.")
    return FINDINGS if found else OK
