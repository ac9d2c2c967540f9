"""`cityloop components`: bring components in, count them, say how their codes are written."""

import json
from pathlib import Path

import click

from cityloop.doors.cli.import_ import FILE, MAP, operator, progress, say
from cityloop.doors.cli.verb import Out, verb


@click.group()
def components() -> None:
    """What stands in the city: bring it in, count it, say how its codes are written."""


@components.command("import")
@FILE
@MAP
@click.option("--rejects", type=click.Path(path_type=Path), help="Where to list the rows that cannot be taken.")
@verb()
def bring(out: Out, file: Path, map_file: Path, rejects: Path | None) -> None:
    """Import components; run it again after a break, or when the file has grown."""
    from cityloop.home import home
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.components.importing.actions import import_components
    from cityloop.town.components.importing.mapping import read_map

    rules = read_map(map_file)
    reject_file = rejects or home() / "imports" / f"{file.name.split('.')[0]}.{rules.source.name}.rejected.csv"
    with progress(out, f"import {file.name}") as told:
        tally = import_components(
            path=file, rules=rules, reject_file=reject_file, by=operator(), at=city_clock.now(), progress=told
        )
    say(out, tally.told())


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
@click.option("--class-width", default=2, show_default=True, type=click.IntRange(2, 3))
@click.option("--subclass-width", default=2, show_default=True, type=click.IntRange(2, 3), help="3: the newer schema.")
@click.option("--division", "divisions", multiple=True, metavar="UNIT=DIGITS", help="The six digits of a unit.")
@verb()
def codes(out: Out, class_width: int, subclass_width: int, divisions: tuple[str, ...]) -> None:
    """Say how identity codes are written, before the first is given."""
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.components.actions.setting import write_codes

    pairs = {unit: digits for unit, _equals, digits in (one.partition("=") for one in divisions)}
    made = write_codes(
        class_width=class_width, subclass_width=subclass_width, divisions=pairs, by=operator(), at=city_clock.now()
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

    found = ComponentsMap.model_json_schema()
    out.say(json.dumps(found, indent=2, ensure_ascii=False))
    out.give(found)
