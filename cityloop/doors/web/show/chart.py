"""A line of readings over time, with its limits and its alarms: drawn by the server, read without a script.

A gap in the readings is a gap in the line. The picture is for the eye; the same stands beside it in words.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cityloop.doors.web.show.times import local, when

WIDE, HIGH = 760, 240
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 12, 24
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Line:
    """A horizontal line: where, and what it says."""

    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which an alarm stood: where, how wide, and what it says."""

    x: float
    wide: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws: pieces of the line as points of a polyline, axes, limits, alarms."""

    lines: list[str]
    dots: list[tuple[float, float]]
    across: list[Line]
    down: list[tuple[float, str]]
    limits: list[Line]
    alarms: list[Span]
    summary: str
    wide: int = WIDE
    high: int = HIGH
    left: int = LEFT
    right: int = WIDE - RIGHT
    bottom: int = HIGH - BOTTOM


def chart(
    times: Sequence[int], values: Sequence[float], *, since: int, until: int, now: int,
    limits: Sequence[tuple[float, str]] = (), alarms: Sequence[tuple[int, int, str]] = (), unit: str = "",
) -> Chart | None:  # fmt: skip
    """Draw readings between two instants; None where there are none."""
    if not times:
        return None
    near = [one for one, _words in limits if _near(one, values)]
    low, high, step = scale(min([*values, *near]), max([*values, *near]))
    place = _Place(since, until, low, high)
    marks = [low + n * step for n in range(round((high - low) / step) + 1)]
    return Chart(
        lines=[" ".join(f"{x:.1f},{y:.1f}" for x, y in piece) for piece in _pieces(times, values, place) if piece[1:]],
        dots=[piece[0] for piece in _pieces(times, values, place) if not piece[1:]],
        across=[Line(place.y(one), f"{one:g}") for one in marks],
        down=_days(since, until, place),
        limits=[Line(place.y(one), words) for one, words in limits if low <= one <= high],
        alarms=[_span(place, a, b, words) for a, b, words in alarms if b >= since and a < until],
        summary=_("{n} readings from {since} to {until}: lowest {low}, highest {high}, last {last}.").format(
            n=len(times), since=when(times[0], now), until=when(times[-1], now), low=_read(min(values), unit),
            high=_read(max(values), unit), last=_read(values[-1], unit),
        ),
    )  # fmt: skip


def _read(value: float, unit: str) -> str:
    return f"{value:.4g} {unit}".strip()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where on the picture an instant and a value stand."""

    since: int
    until: int
    low: float
    high: float

    def x(self, at: int) -> float:
        share = (at - self.since) / max(1, self.until - self.since)
        return LEFT + min(1.0, max(0.0, share)) * (WIDE - LEFT - RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return HIGH - BOTTOM - share * (HIGH - TOP - BOTTOM)


def scale(low: float, high: float) -> tuple[float, float, float]:
    """Give round ends and a round step for about four lines between them."""
    if low == high:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    if 0 < low < high / 3:
        low = 0.0
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(one * power for one in STEPS if one * power >= rough * 0.999)
    return math.floor(low / step) * step, math.ceil(high / step) * step, step


def _near(limit: float, values: Sequence[float]) -> bool:
    """Tell whether a limit lies so near that the picture should reach it."""
    spread = max(values) - min(values) or abs(values[0]) or 1
    return min(values) - spread <= limit <= max(values) + spread


def _pieces(times: Sequence[int], values: Sequence[float], place: _Place) -> list[list[tuple[float, float]]]:
    """Cut the line where nothing came for longer than three times the usual."""
    usual = sorted(b - a for a, b in zip(times, times[1:], strict=False))
    gap = 3 * usual[len(usual) // 2] if usual else 0
    pieces: list[list[tuple[float, float]]] = [[]]
    for number, (time, value) in enumerate(zip(times, values, strict=True)):
        if number and gap and time - times[number - 1] > gap:
            pieces.append([])
        pieces[-1].append((place.x(time), place.y(value)))
    return pieces


def _span(place: _Place, since: int, until: int, words: str) -> Span:
    left = place.x(since)
    return Span(left, max(2.0, place.x(until) - left), words)


HOUR = 3_600_000_000
# How far apart the lines that go down may stand, in hours.
APART = (1, 3, 6, 12, 24, 48, 168, 336, 720, 2160, 8760)


def _days(since: int, until: int, place: _Place) -> list[tuple[float, str]]:
    hours = next((h for h in APART if (until - since) / HOUR / h <= 8), APART[-1])
    start = local(since).replace(minute=0, second=0, microsecond=0)
    at = since + round((local(since) - start).total_seconds() * -1e6)
    lines = []
    while at < until:
        here = local(at)
        if (here.hour % min(hours, 24) == 0) and (hours <= 24 or (here.toordinal() * 24) % hours < 24) and at >= since:
            lines.append((place.x(at), f"{here:%H:%M}" if hours < 24 else f"{here.month}-{here.day}"))
        at += HOUR
    return lines
