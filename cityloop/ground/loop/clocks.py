"""Clocks: making, starting, pausing and asking them. Pure arithmetic over working time."""

from typing import Protocol, cast

from cityloop.ground.loop.definition import Definition
from cityloop.ground.loop.snapshot import Clock, Snapshot
from cityloop.ground.worktime import Limit, Running


class WorkTimes(Protocol):
    """Working time by calendar id, as `cityloop.ground.worktime.Calendars` gives it."""

    def add(self, cal_id: str, at: int, amount: int, running: Running) -> int: ...

    def between(self, cal_id: str, a: int, b: int, running: Running) -> int: ...

    def micros(self, cal_id: str, limit: Limit) -> int: ...


_MOST_KEPT = 1_000


def make(definition: Definition, snapshot: Snapshot, text: str, worktime: WorkTimes) -> Clock:
    """Make a clock that has not begun. Urgent time runs always, or in office hours where the profile says so.

    There are few of them, and each step needs one: they are kept as long as working time stays the same.
    """
    known, kept = definition.made
    if known is not worktime or len(kept) > _MOST_KEPT:
        kept = {}
        definition.made = worktime, kept
    key = (text, snapshot.calendar, snapshot.urgent)
    found = kept.get(key)
    if found is None:
        found = kept[key] = _made(definition, snapshot, text, worktime)
    return found


def _made(definition: Definition, snapshot: Snapshot, text: str, worktime: WorkTimes) -> Clock:
    limit = definition.limit(text)
    running = limit.running
    if running == "always" and definition.profile.urgent_in_office_hours and limit.unit != "d" and not snapshot.urgent:
        running = "work"
    return Clock(worktime.micros(snapshot.calendar, limit), running, snapshot.calendar)


def start(clock: Clock, at: int, worktime: WorkTimes) -> Clock:
    """Start or resume at `at`; the due time follows from what is left of the limit."""
    if clock.since >= 0:
        return clock
    left = clock.limit - clock.used
    if clock.limit == 0:
        due = -1
    elif left <= 0:
        due = at
    elif clock.running == "always":
        due = at + left
    else:
        due = worktime.add(clock.calendar, at, left, "work")
    return Clock(clock.limit, clock.running, clock.calendar, clock.used, at, due)


def stop(clock: Clock, at: int, why: str, worktime: WorkTimes) -> Clock:
    """Pause at `at` and say why; the time used is kept."""
    if clock.since < 0:
        return clock if clock.pause == why else Clock(clock.limit, clock.running, clock.calendar, clock.used, pause=why)
    return Clock(clock.limit, clock.running, clock.calendar, elapsed(clock, at, worktime), pause=why)


def elapsed(clock: Clock, at: int, worktime: WorkTimes) -> int:
    """Give the running time used up to `at`, in microseconds."""
    if clock.since < 0:
        return clock.used
    if clock.running == "always":
        return clock.used + max(0, at - clock.since)
    return clock.used + worktime.between(clock.calendar, clock.since, at, cast(Running, clock.running))


def lengthen(clock: Clock, more: int, at: int, worktime: WorkTimes) -> Clock:
    """Add `more` microseconds to the limit, keeping the clock running if it runs."""
    ran = clock.since >= 0
    held = stop(clock, at, clock.pause, worktime)
    longer = Clock(clock.limit + more, clock.running, clock.calendar, held.used, pause=held.pause)
    return start(longer, at, worktime) if ran else longer


def at_least(clock: Clock, minimum: int) -> Clock:
    """Make sure a stopped clock has at least `minimum` left."""
    short = minimum - (clock.limit - clock.used)
    if short <= 0:
        return clock
    return Clock(clock.limit + short, clock.running, clock.calendar, clock.used, clock.since, clock.due, clock.pause)


def relimit(clock: Clock, made: Clock) -> Clock:
    """Give a standing clock another limit; the time used stays where it is counted alike."""
    used = clock.used if clock.running == made.running else 0
    return Clock(made.limit, made.running, made.calendar, used, pause=clock.pause)


SHARES = (50, 80, 100, 150)
STANDS = (-1, -1, -1, -1)


def marks(clock: Clock, worktime: WorkTimes) -> tuple[int, int, int, int]:
    """Give the instants at which 50, 80, 100 and 150 % of the limit are used; -1 when the clock stands."""
    if clock.due < 0:
        return STANDS
    limit, since, used = clock.limit, clock.since, clock.used
    if clock.running == "always":
        if not used:
            return since + limit // 2, since + limit * 80 // 100, since + limit, since + limit * 150 // 100
        at = since - used
        return (
            max(since, at + limit * 50 // 100),
            max(since, at + limit * 80 // 100),
            max(since, at + limit),
            max(since, at + limit * 150 // 100),
        )
    due50, due80, due, due150 = (_worked(clock, limit * share // 100 - used, worktime) for share in SHARES)
    return due50, due80, due, due150


def _worked(clock: Clock, left: int, worktime: WorkTimes) -> int:
    return worktime.add(clock.calendar, clock.since, left, "work") if left > 0 else clock.since
