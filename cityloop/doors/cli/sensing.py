"""`cityloop sensing`: the history of readings, what was not believed, and judging anew."""

import click

from cityloop.doors.cli.main import FINDINGS, OK
from cityloop.doors.cli.verb import Out, verb
from cityloop.loops.sensing.rules.reasons import WORDS

SHOWN = 120  # letters of a reading as it came; --json gives all


@click.group()
def sensing() -> None:
    """Move old readings to the history now; say what is in it, and what was not believed; judge anew."""


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


@sensing.command("quarantine")
@click.option("--datastream", type=int, help="Of one datastream, as it was named; it need not exist.")
@click.option("--reason", type=click.Choice(sorted(WORDS)), help="Not believed for this reason.")
@click.option("--before", type=click.IntRange(min=1), default=None, help="Go on before an id of this list.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@verb()
def quarantine(out: Out, datastream: int | None, reason: str | None, before: int | None, limit: int) -> None:
    """List the readings that were not believed, the newest first: each whole, with why, and who sent it."""
    from cityloop.loops.sensing import queries
    from cityloop.loops.sensing.rules.times import shown

    rows = [
        {"id": one.pk, "received": shown(one.received), "datastream": one.datastream,
         "time": None if one.time is None else shown(one.time), "reason": one.reason, "source": one.source,
         "said": one.said}
        for one in queries.quarantine(datastream=datastream, reason=reason or "", before=before or 0, most=limit)
    ]  # fmt: skip
    out.give(rows)
    for row in rows:
        stream, said = "–" if row["datastream"] is None else row["datastream"], _short(str(row["said"]))
        out.say(f"{row['id']}  {row['received']}  {row['reason']}  {stream}  {row['source']}  {said}")
    if not rows:
        out.say("Nothing of the kind is in the quarantine.")


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


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
