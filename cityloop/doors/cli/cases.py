"""`cityloop cases`: questions about cases."""

import click

from cityloop.doors.cli.verb import Out, verb


@click.group("cases")
def cases() -> None:
    """Ask about cases."""


@cases.command("count")
@click.option("--by", default="", help="agency, matter, unit, state, source: one or several, with commas.")
@click.option("--level", default=None, help="Cut units to this level, by name or number (0 = the city).")
@click.option("--under", default="", help="Only this unit and all below it.")
@click.option("--source", default="", help="Only what came from this source.")
@verb()
def count(out: Out, by: str, level: str | None, under: str, source: str) -> None:
    """Count cases by groups; without --by, give reports, cases, rounds and folded."""
    from cityloop.loops.cases import counting

    if not by:
        four = counting.four_counts(under)
        for name, number in four.items():
            out.say(f"{name:10} {number:>12,}")
        out.give(four)
        return
    groups = [name.strip() for name in by.split(",") if name.strip()]
    rows = counting.count(groups, level=level, under_code=under, source=source)
    for row in rows:
        words = [f"{row[name] or '-'}  {row.get(f'{name}_name', '')}".rstrip() for name in groups]
        out.say(f"{row['cases']:>10,}  " + "  ".join(words))
    out.give(rows)
