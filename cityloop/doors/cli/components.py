"""`cityloop components`: bring components in, count them, say how their codes are written."""

from pathlib import Path

import click

from cityloop.doors.cli.import_ import FILE, MAP, REJECTS, give_schema, operator, take
from cityloop.doors.cli.verb import Out, verb
from cityloop.ground.kit.refusal import Refusal


@click.group()
def components() -> None:
    """What stands in the city: bring it in, count it, say how its codes are written."""


@components.command("import")
@FILE
@MAP
@REJECTS
@verb()
def bring(out: Out, file: Path, map_file: Path, rejects: Path | None) -> int:
    """Import components; run it again after a break, or when the file has grown."""
    from cityloop.town.components.importing.actions import import_components
    from cityloop.town.components.importing.mapping import read_map

    return take(out, "import", import_components, file, read_map(map_file), rejects)


@components.command("count")
@click.option("--by", default="", help="type, state, unit: one or several, with commas.")
@click.option("--level", default=None, help="Cut units to this level, by name or number (0 = the city).")
@click.option("--under", default="", help="Only this unit and all below it.")
@verb()
def count(out: Out, by: str, level: str | None, under: str) -> None:
    """Count components by groups; without --by, all of them."""
    from cityloop.town.components import queries

    groups = [name.strip() for name in by.split(",") if name.strip()]
    rows = queries.count(groups, level=level, under_code=under)
    for row in rows:
        out.say(f"{row['components']:>10,}  " + "  ".join(str(row[name]) for name in groups))
    out.give(rows)


@components.command("codes")
@click.option("--class-width", type=click.IntRange(2, 3), help="2 where nothing was said.")
@click.option("--subclass-width", type=click.IntRange(2, 3), help="2 where nothing was said; 3: the newer schema.")
@click.option(
    "--division", "divisions", multiple=True, metavar="UNIT=DIGITS", help="The six digits of a unit; UNIT= drops them."
)
@verb()
def codes(out: Out, class_width: int | None, subclass_width: int | None, divisions: tuple[str, ...]) -> None:
    """Say how identity codes are written, before the first is given; what is not said stays as it is."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.components import queries
    from cityloop.town.components.actions.setting import write_codes

    if lacking := [one for one in divisions if "=" not in one]:
        raise Refusal(
            "components.division", "A division is UNIT=DIGITS, or UNIT= to drop it; {given!r} is neither.", "divisions",
            given=lacking[0],
        )  # fmt: skip
    identity, said = queries.known()[:2]
    pairs = said | {unit: digits for unit, _equals, digits in (one.partition("=") for one in divisions)}
    made = write_codes(
        class_width=class_width or identity.class_width,
        subclass_width=subclass_width or identity.subclass_width,
        divisions={unit: digits for unit, digits in pairs.items() if digits},
        by=operator(),
        at=city_clock.now(),
    )
    out.give(
        {"class_width": made.class_width, "subclass_width": made.subclass_width, "serial_width": made.serial_width}
    )
    out.say(f"6 + {made.class_width} + {made.subclass_width} + {made.serial_width} digits.")


@components.command("schema")
@verb(django=False)
def schema(out: Out) -> None:
    """Give the JSON Schema of components maps."""
    from cityloop.town.components.importing.mapping import ComponentsMap

    give_schema(out, ComponentsMap)
