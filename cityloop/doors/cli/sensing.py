"""`cityloop sensing`: the history of readings, and judging anew."""

import click

from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, verb


@click.group()
def sensing() -> None:
    """Move old readings to the history now; say what is in it; judge anew."""


@sensing.command("age")
@verb()
def age(out: Out) -> int:
    """Move what is older than the hot window to Parquet, remove what is kept no longer: what each night does."""
    from cityloop.doors.cli.import_ import operator
    from cityloop.loops.sensing.history import nightly
    from cityloop.town.calendar.clock import city_clock

    done = nightly.age(by=operator(), at=city_clock.now())
    if done is None:
        out.say("Another process is at it just now.")
        out.give({"busy": True})
        return FINDINGS
    for name, number in done.told().items():
        out.say(f"{name:10} {number:,}")
    out.give(done.told())
    return OK


@sensing.command("history")
@verb()
def history(out: Out) -> None:
    """Say what is in the history: files, rows and bytes, from when until when."""
    from cityloop.loops.sensing.history.parts import held
    from cityloop.loops.sensing.rules.times import shown

    found = held()
    for row in found:
        span = f"{shown(row['first'])[:10]} to {shown(row['last'])[:10]}"
        out.say(
            f"{row['kind']:10} {row['rows']:>15,} rows  {row['bytes']:>15,} bytes  {row['files']:>8,} files  {span}"
        )
    if not found:
        out.say("Nothing has moved to the history yet.")
    out.give(found)


@sensing.command("replay")
@click.option("--since", required=True, help="When they came, such as 2026-05-01T08:00:00+08:00.")
@verb()
def replay(out: Out, since: str) -> None:
    """Let what came by the stream since an instant be judged anew: what was missed is found, what was judged stays.

    Readings that are older than a day by now raise no alarm; `cityloop alarms try` shows what they would have.
    """
    from cityloop.loops.sensing.jetstream import again
    from cityloop.loops.sensing.rules.times import instant
    from cityloop.town.calendar.clock import city_clock

    done = again.bring_back(since=instant(since, "since"), at=city_clock.now())
    out.give(done._asdict())
    out.say(f"{done.messages} messages, {done.unreadable} of them unreadable; {done.readings} readings to judge anew")
