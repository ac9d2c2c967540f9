"""`cityloop check`: who is missing where."""

from typing import Any

import click
import msgspec

from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, verb


@click.command()
@verb()
def check(out: Out) -> int:
    """List each matter × unit that lacks an eligible person on a track, or has only one."""
    from cityloop.town.calendar.clock import city_clock

    found = missing(city_clock.now())
    out.give([msgspec.to_builtins(f) for f in found])
    for f in found:
        where = f"{f.unit_code or 'the whole city'} ({f.units} units)"
        out.say(f"{f.problem}: {f.role or f.track} for {', '.join(f.matters[:5])} in {where}")
    if not found:
        out.say("Every matter has somebody on both tracks, everywhere.")
    return FINDINGS if found else OK


def missing(at: int) -> list[Any]:
    """Give all places of the city in which people are wanting."""
    from cityloop.town.catalog import queries as catalog
    from cityloop.town.units.queries import valid

    leaves = valid().filter(is_leaf=True).order_by("code").values_list("code", flat=True)
    return catalog.missing(list(leaves), at)
