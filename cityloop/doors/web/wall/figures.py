"""The few figures that matter, each with its trend, its target where the house has set one, and the list behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from cityloop.doors.web import maps
from cityloop.doors.web.show.times import HOUR, duration
from cityloop.doors.web.show.trend import HIGH, WIDE
from cityloop.doors.web.wall.turns import Wall
from cityloop.loops.cases import onmap, pressing
from cityloop.loops.cases.onmap import Counted
from cityloop.loops.cases.pressing import Ended, Lately
from cityloop.town.orgs.authority import Scope

HOURS = 24
LATELY = 3 * HOUR
SOME = 20  # cases; a share of fewer says little of the last hours


@dataclass(frozen=True, slots=True)
class Figure:
    """What is printed: a number as words, what it counts, the sentence under it with its sign, the list behind it.

    `points` and `area` draw the last day hour by hour, `goal` is the height of the target in the same picture.
    """

    key: str
    words: str
    value: str
    note: str
    href: str
    status: str = ""
    icon: str = "clock"
    points: str = ""
    area: str = ""
    goal: float | None = None


def cases_list(code: str, **asked: str) -> str:
    """Give the address of the list behind a figure."""
    return f"{reverse('desk:cases')}?{urlencode({**asked, 'unit': code})}"


def of_city(total: Counted, code: str, scope: Scope, wall: Wall, now: int) -> list[Figure]:
    """Give the five figures of an area. Two queries, or none within a minute of the city."""
    came = onmap.received(code, scope, now, HOURS)
    gone = pressing.lately(scope, code, now, now - HOURS * HOUR).ended
    return [opened(total, came, gone, code, now), overdue(total, wall, code, scope, now), within(gone, wall, code, now),
            took(gone, code, now), received(came, code)]  # fmt: skip


def opened(total: Counted, came: Sequence[int], gone: Sequence[Ended], code: str, now: int) -> Figure:
    """Tell how many cases are open, and how that came to be: what came less what went, backwards from now."""
    went = by_hour(gone, now)
    line, left = [total.open], total.open
    for n in range(HOURS - 1, 0, -1):
        left = max(0, left - came[n] + went[n])
        line.append(left)
    change = came[-1] - went[-1]
    note = _("{n} more than an hour ago") if change > 0 else _("{n} fewer than an hour ago") if change else ""
    said = note.format(n=f"{abs(change):,}") if note else _("as many as an hour ago")
    sign = "arrow-up-right" if change > 0 else "arrow-down-right" if change else "minus"
    return drawn(
        Figure("open", _("Open now"), f"{total.open:,}", said, cases_list(code, state="open"), "", sign), line[::-1]
    )


def overdue(total: Counted, wall: Wall, code: str, scope: Scope, now: int) -> Figure:
    """Tell how many open cases are past their limit, held against the target. One query, or none, as above."""
    lately = pressing.lately(scope, code, now, now - HOURS * HOUR)
    share = 100 * total.over / total.open if total.open else 0.0
    missed = wall.over is not None and share > wall.over
    told = _("{n} %").format(n=f"{share:.1f}")
    said = _("{share} of what is open").format(share=told)
    if wall.over is not None:
        said = _("{share} of open, target {target}").format(share=told, target=_("{n} %").format(n=wall.over))
    status = "over" if total.over and (missed or wall.over is None) else "due" if total.over else "ver"
    icon = {"over": "alert-triangle", "due": "hourglass-low", "ver": "circle-check"}[status]
    made = Figure("over", _("Overdue now"), f"{total.over:,}", said, cases_list(code, late="1"), status, icon)
    return drawn(made, late_by_hour(total.over, lately, now))


def late_by_hour(over: int, lately: Lately, now: int) -> list[int]:
    """Count what was past its limit, as far as it is known now, at each of the last hours: backwards from now."""
    line = []
    for n in range(HOURS):
        at = now - (HOURS - 1 - n) * HOUR
        since = sum(due >= at for due in lately.passed)
        gone = sum(one.due is not None and one.due < at < one.at for one in lately.ended)
        line.append(max(0, over - since + gone))
    return line


def within(gone: Sequence[Ended], wall: Wall, code: str, now: int) -> Figure:
    """Tell how much of what was closed in a day was handled within its limit, and how it was lately."""
    closed = [one for one in gone if one.closed and one.limited]
    lately = [one for one in closed if one.at > now - LATELY]
    whole, last = share(closed), share(lately) if len(lately) >= SOME else None
    worst = min((value for value in (whole, last) if value is not None), default=100)
    missed = wall.within is not None and worst < wall.within
    said = [_("last 3 h {share}").format(share=_("{n} %").format(n=last))] if last is not None else []
    said += [_("target {target}").format(target=_("{n} %").format(n=wall.within))] if wall.within is not None else []
    made = Figure(
        "within", _("Closed in time, 24 h"), "–" if whole is None else _("{n} %").format(n=whole),
        _(", ").join(said) or _("{n} closed").format(n=f"{len(closed):,}"), cases_list(code, state="closed"),
        "due" if missed else "", "hourglass-low" if missed else "circle-check",
    )  # fmt: skip
    return drawn(made, hourly(closed, now), most=100, goal=wall.within) if closed else made


def share(closed: Sequence[Ended]) -> int | None:
    """Give how much was handled within its limit, in percent."""
    return 100 * sum(not one.late for one in closed) // len(closed) if closed else None


def hourly(closed: Sequence[Ended], now: int) -> list[int]:
    """Give the share of each hour; an hour in which nothing was closed is as the one before."""
    line: list[int] = []
    for n in range(HOURS):
        some = [one for one in closed if hour_of(one.at, now) == n]
        line.append(share(some) if some else line[-1] if line else share(closed) or 0)  # type: ignore[arg-type]
    return line


def took(gone: Sequence[Ended], code: str, now: int) -> Figure:
    """Tell how long cases took that were closed in a day, and lately."""
    closed = [one for one in gone if one.closed and one.timed]
    lately = [one.took for one in closed if one.at > now - LATELY]
    value = duration(int(median(one.took for one in closed))) if closed else "–"
    said = (
        _("last 3 h: {time}").format(time=duration(int(median(lately))))
        if lately
        else _("{n} closed").format(n=len(closed))
    )
    return Figure("took", _("Median to close, 24 h"), value, said, cases_list(code, state="closed"))


def received(came: Sequence[int], code: str) -> Figure:
    """Tell how many cases came in within a day."""
    said = _("{n} in the last hour").format(n=f"{came[-1]:,}")
    made = Figure("received", _("Received, 24 h"), f"{sum(came):,}", said, cases_list(code), "", "inbox")
    return drawn(made, came)


def by_hour(gone: Sequence[Ended], now: int) -> list[int]:
    """Count what ended in each of the last hours, the oldest first."""
    found = [0] * HOURS
    for one in gone:
        found[hour_of(one.at, now)] += 1
    return found


def hour_of(at: int, now: int) -> int:
    """Give in which of the last hours an instant lies, the last one being the highest."""
    return min(HOURS - 1, max(0, HOURS - 1 - (now - at) // HOUR))


def drawn(made: Figure, values: Sequence[int], *, most: int = 0, goal: int | None = None) -> Figure:
    """Draw the line of a figure between its least and its most, with room for the target."""
    high = most or max(values, default=0) or 1
    low = min([*values, *([goal] if goal is not None else [])]) * 0.9 if most else 0.0
    tall = HIGH / max(high - low, 1e-9)
    steps = max(1, len(values) - 1)
    points = " ".join(f"{WIDE * n / steps:.1f},{HIGH - (value - low) * tall:.1f}" for n, value in enumerate(values))
    height = None if goal is None else HIGH - (goal - low) * tall
    return Figure(made.key, made.words, made.value, made.note, made.href, made.status, made.icon, points,
                  f"0,{HIGH} {points} {WIDE},{HIGH}", height)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an area with its cases: overdue ones as a bar against the part that has most."""

    key: str
    name: str
    open: int
    over: int
    share: int
    href: str


def parts(code: str, counted: dict[str, Counted], most: int = 9) -> list[Part]:
    """Give the parts of an area with most overdue cases. One query."""
    rows = sorted(maps.listed(code, counted, "over"), key=lambda row: (-row.over, -row.open, row.code))[:most]
    top = max((row.over for row in rows), default=0) or 1
    return [Part(r.code, r.name, r.open, r.over, 100 * r.over // top, cases_list(r.code, late="1")) for r in rows]
