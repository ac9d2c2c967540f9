"""Two counts over time as bars beside each other: drawn by the server, read without a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from cityloop.doors.web.show.chart import scale
from cityloop.doors.web.show.times import day

WIDE, HIGH, LEFT, TOP, BOTTOM = 760, 220, 72, 14, 26
MOST = 62  # bars that can be told apart
LABELS = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of days: where its two bars stand, how high they are, and what they say."""

    x: float
    wide: float
    came: float
    went: float
    words: str


@dataclass(frozen=True, slots=True)
class Bars:
    """What the template draws."""

    bars: list[Bar]
    across: list[tuple[float, str]]
    down: list[tuple[float, str]]
    names: tuple[str, str]
    summary: str
    wide: int = WIDE
    high: int = HIGH
    left: int = LEFT
    bottom: int = HIGH - BOTTOM


def bars(days: Sequence[tuple[int, int, int]], came: str, went: str) -> Bars:
    """Draw two counts of each day, summed up by weeks where the days are many."""
    size = 1 if len(days) <= MOST else 7
    found = [days[at : at + size] for at in range(0, len(days), size)]
    sums = [(some[0][0], sum(one[1] for one in some), sum(one[2] for one in some)) for some in found]
    most = max((max(a, b) for _day, a, b in sums), default=0)
    _low, high, step = scale(0, max(most, 1))
    room, step_wide = HIGH - TOP - BOTTOM, (WIDE - LEFT - 12) / max(1, len(sums))
    wide = step_wide * 0.36
    drawn = [
        Bar(LEFT + n * step_wide + step_wide * 0.12, wide, room * a / high, room * b / high,
            f"{day(date.fromordinal(number).isoformat())}: {came} {a:,}, {went} {b:,}")
        for n, (number, a, b) in enumerate(sums)
    ]  # fmt: skip
    every = max(1, -(-len(sums) // LABELS))
    shown = [(one.x + wide, day(date.fromordinal(sums[n][0]).isoformat())) for n, one in enumerate(drawn)]
    fullest = max(sums, key=lambda one: one[1], default=(0, 0, 0))
    said = _("By day") if size == 1 else _("By week")
    return Bars(
        drawn,
        [(HIGH - BOTTOM - room * n * step / high, f"{n * step:,g}") for n in range(round(high / step) + 1)],
        shown[::every],
        (came, went),
        _("{how}: most came in on {day}, {n}.").format(
            how=said, day=day(date.fromordinal(fullest[0]).isoformat()), n=f"{fullest[1]:,}"
        )
        if most
        else _("Nothing came in or was closed on these days."),
    )
