"""The clock bar: how much of a limit is used, what is left, until when. The same on every page."""

from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from cityloop.doors.web.show.times import duration, when
from cityloop.ground.loop.clocks import elapsed
from cityloop.ground.loop.snapshot import Clock, Snapshot
from cityloop.town.calendar.queries import calendars

ICONS = {
    "ontime": "clock",
    "due": "hourglass-low",
    "over": "alert-triangle",
    "ver": "circle-check",
    "wait": "player-pause",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """What the template prints: the status, the share used in percent, what is left, and until when."""

    status: str
    share: int
    words: str
    until: str = ""
    paused: bool = False
    # When working time stands still until the limit, in words; "" where it runs on.
    rests: str = ""

    @property
    def icon(self) -> str:
        """The sign that goes with the status."""
        return ICONS[self.status]


NONE = Bar("wait", 0, "")


def of_clock(clock: Clock | None, now: int) -> Bar:
    """Give the bar of a loop's clock: running, paused, over, or without a limit."""
    if clock is None or clock.limit <= 0:
        return NONE
    used = elapsed(clock, now, calendars())
    if clock.since < 0:
        return _standing(used, clock)
    bar = _running(100 * used // clock.limit, clock.due, now)
    return replace(bar, rests=rests(clock, now)) if clock.running == "work" else bar


def rests(clock: Clock, now: int) -> str:
    """Say when a clock that counts working time stands still between now and its limit."""
    spans = calendars().get(clock.calendar).pauses(now, clock.due) if clock.due > now else []
    if not spans:
        return _("Counts working time.")
    said = [_("{start} to {end}").format(start=when(a, now), end=when(b, now)) for a, b in spans]
    return _("Counts working time; stands still {spans}.").format(spans=", ".join(said))


def _standing(used: int, clock: Clock) -> Bar:
    words = _("{time} used").format(time=duration(used, days=clock.running == "always"))
    return Bar("wait", min(100, 100 * used // clock.limit), words, paused=True)


def done(clock: Clock) -> Bar:
    """Give the bar of a clock that has served: how long it took of how much."""
    share = min(100, 100 * clock.used // clock.limit) if clock.limit > 0 else 0
    always = clock.running == "always"
    words = _("Done in {time}").format(time=duration(clock.used, days=always))
    limit = _("limit {time}").format(time=duration(clock.limit, days=always)) if clock.limit > 0 else ""
    return Bar("over" if clock.used > clock.limit > 0 else "ver", share, words, limit)


def ended(snapshot: Snapshot) -> Bar:
    """Give the bar of a case that is over: how long it took in all, by the share of its limit the handling took."""
    total, handling = snapshot.clocks.get("total"), snapshot.clocks.get("handling")
    if total is None or handling is None or snapshot.state != "closed":
        return NONE
    took, words = done(handling), _("Closed after {time}").format(time=duration(total.used, days=True))
    return Bar(took.status, took.share, words)


def handled(snapshot: Snapshot) -> str:
    """Say how much of its limit the handling of a case took, in the time the limit counts in."""
    handling = snapshot.clocks.get("handling")
    if handling is None or handling.limit <= 0:
        return ""
    always = handling.running == "always"
    said = _("Handling: {used} of {limit}") if always else _("Handling: {used} of {limit} working time")
    return said.format(used=duration(handling.used, days=always), limit=duration(handling.limit, days=always))


def _running(share: int, due: int, now: int) -> Bar:
    until = _("until {time}").format(time=when(due, now))
    if now > due:
        return Bar("over", 100, _("{time} over").format(time=duration(now - due)), _was(due, now))
    status = "due" if share >= 80 else "ontime"
    return Bar(status, min(100, share), _("{time} left").format(time=duration(due - now)), until)


def _was(due: int, now: int) -> str:
    return _("was due {time}").format(time=when(due, now))


def of_row(row: Any, now: int) -> Bar:
    """Give the bar of a row of work, from its marks alone: no calendar is asked."""
    if row is None or row.due is None:
        return Bar("wait", 0, _("paused") if row is not None and row.pause else _("no limit"), paused=True)
    return _running(_share(row, now), row.due, now)


def _share(row: Any, now: int) -> int:
    """Read the share off the marks at 50, 80 and 100 %: between them time runs evenly enough for a bar."""
    if None in (row.due50, row.due80) or now >= row.due:
        return 100
    begin = max(row.opened, row.due50 - (row.due80 - row.due50) * 5 // 3)
    for low, high, start, end in ((80, 100, row.due80, row.due), (50, 80, row.due50, row.due80)):
        if now >= start:
            return low + (high - low) * (now - start) // max(1, end - start)
    return 50 * max(0, now - begin) // max(1, row.due50 - begin)


def of_case(due: int | None, closed: int | None, now: int, created: int) -> Bar:
    """Give the bar of a case in a list where only its due time is known."""
    if closed is not None:
        return Bar("ver", 100, _("took {time}").format(time=duration(closed - created)))
    if due is None:
        return Bar("wait", 0, _("no limit"))
    return _running(100 * (now - created) // max(1, due - created), due, now)
