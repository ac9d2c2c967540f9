"""`cityloop alarms`: which rules watch the city's instruments, which alarms stand, what a rule would have raised."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from cityloop.doors.cli.main import OK
from cityloop.doors.cli.verb import Out, verb

NUMBERS, TIMES = ("above", "below", "rises", "falls", "unusual", "clear"), ("hold", "within", "silent")


@click.group()
def alarms() -> None:
    """Alarms of the city's instruments, and the rules that raise them."""


@alarms.command("rules")
@verb()
def rules(out: Out) -> int:
    """List the rules of the plates that are on, with how many instruments each may judge."""
    from cityloop.loops.sensing import saying, watches

    known = watches.watches()
    rows = []
    for observed, some in known.items():
        bound = watches.bound_to(observed)
        fit = sum(bool(watches.fitting(one, known)) for one in bound)
        rows += [
            {"rule": one.rule, "matter": one.alarm.matter, "severity": one.alarm.severity, "instruments": fit,
             "another_unit": len(bound) - fit, "asleep": one.asleep,
             "when": saying.condition(one.alarm, one.observed.unit)}
            for one in some
        ]  # fmt: skip
    out.give(rows)
    for row in rows:
        other = f", {row['another_unit']} in another unit of measurement" if row["another_unit"] else ""
        out.say(f"{row['rule']}  {row['when']}  {row['instruments']} instruments{other}")
    return OK


@alarms.command("list")
@click.option("--all", "every", is_flag=True, help="Those that are over, too.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@verb()
def listed(out: Out, every: bool, limit: int) -> int:
    """List alarms, the newest first."""
    from cityloop.loops.sensing import alarms as sensing
    from cityloop.town.columns import rfc3339

    rows = [
        {"id": one.pk, "rule": one.rule, "state": one.state, "severity": one.severity, "place": one.place,
         "unit": one.unit_code, "since": rfc3339(one.since), "ended": one.ended and rfc3339(one.ended),
         "worst": one.worst, "case": one.case}
        for one in sensing.every(standing=not every, most=limit)
    ]  # fmt: skip
    out.give(rows)
    for row in rows:
        out.say(f"{row['id']}  {row['state']}  {row['rule']}  {row['place']}  {_read(row)}  {row['since']}")
    return OK


def _read(row: dict[str, Any]) -> str:
    return "–" if row["worst"] is None else str(row["worst"])


def _values(command: Any) -> Any:
    for name in TIMES:
        command = click.option(f"--{name}", help="Another time, such as '2 uh'.")(command)
    for name in NUMBERS:
        command = click.option(f"--{name}", type=float, help="Another value.")(command)
    return command


@alarms.command("try")
@click.argument("rule")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From this day on; 30 days back if not given.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Up to this day; now if not given.")
@click.option("--unit", default="", help="Of a unit and all below it.")
@_values
@verb()
def attempt(
    out: Out, rule: str, since: datetime | None, until: datetime | None, unit: str, **values: Any
) -> int:  # fmt: skip
    """Say which alarms RULE (plate/observed/alarm) would have raised on what was measured, and which people reported.

    Nothing is written. Other values than the plate's are tried with --above, --hold and the like.
    """
    from cityloop.loops.sensing import trying
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.columns import rfc3339

    zone, now = city_clock.zone, city_clock.now()
    end = now + 1 if until is None else _instant(until, zone)
    start = end - round(timedelta(days=30).total_seconds() * 1e6) if since is None else _instant(since, zone)
    watch = trying.changed(rule, **{name: value for name, value in values.items() if value is not None})
    made = trying.attempt(watch=watch, since=start, until=end, unit=unit)
    found = [
        {"datastream": one.bound.datastream, "place": one.bound.place, "since": rfc3339(one.since),
         "raised": rfc3339(one.raised), "over": one.over and rfc3339(one.over), "worst": one.worst,
         "reports": list(one.reports)}
        for one in made.alarms
    ]  # fmt: skip
    out.give({"rule": rule, "instruments": made.instruments, "readings": made.readings, "alarms": len(found),
              "reported": made.reported, "found": found})  # fmt: skip
    out.say(
        f"{made.instruments} instruments, {made.readings} readings: {len(found)} alarms, {made.reported} reported too"
    )
    for one in found:
        out.say(f"{one['place']}  {one['since']} to {one['over'] or 'now'}  {_read(one)}")
    return OK


def _instant(day: datetime, zone: Any) -> int:
    return round(day.replace(tzinfo=zone).astimezone(UTC).timestamp() * 1e6)
