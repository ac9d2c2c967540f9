"""What stands beside a case: others that may be about the same thing, what else is near, and the proof in pictures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cityloop.doors.web.show import clock as bars
from cityloop.doors.web.show import names
from cityloop.doors.web.show.pictures import Pair, Picture, pair_of
from cityloop.doors.web.show.times import duration, when
from cityloop.loops.cases import duplicates, numbers
from cityloop.loops.cases.loop import pinned
from cityloop.loops.cases.neighbours import Neighbour
from cityloop.loops.cases.openly import AFTER

LARGE = 1280
MOST = 6


@dataclass(frozen=True, slots=True)
class Alike:
    """Another case that may be about the same thing, or lies near."""

    number: str
    matter: str
    state: str
    chip: tuple[str, str]
    away: str
    surely: bool = False


def alike(case: Any, words: str, found: Sequence[Neighbour]) -> list[Alike]:
    """Give those near by that are open and may be about the same thing, the likeliest first. One query."""
    if case.closed is not None or case.into_id:
        return []
    return [_alike(one) for one in duplicates.of_those([n.case for n in found], case, words)]


def _alike(one: duplicates.Likely) -> Alike:
    away = _("{metres} m away · {time} apart").format(metres=round(one.metres), time=duration(one.micros))
    return _row(one.case, away, surely=one.score >= 0.75)


def nearby(found: Iterable[Neighbour], known: Iterable[Alike]) -> list[Alike]:
    """Give what else is near as rows, without those that stand among the likely ones already."""
    listed = {one.number for one in known}
    rows = [_row(n.case, _("{metres} m away").format(metres=round(n.metres))) for n in found]
    return [row for row in rows if row.number not in listed][:MOST]


def _row(case: Any, away: str, *, surely: bool = False) -> Alike:
    state = names.state(pinned(case.definition), case.state)
    return Alike(numbers.number(case), names.matter(case.matter), state, names.chip(case.state), away, surely)


def status(case: Any, now: int) -> str:
    """Give the status in whose colour a case is marked where only its row is known."""
    return bars.of_case(case.due, case.closed, now, case.created).status


def pair(moments: Sequence[Any], lines: Sequence[Any], now: int) -> Pair | None:
    """Give the place before and after the work, of each step its first photo. Moments and lines come newest first."""
    told = reversed(list(zip(moments, lines, strict=True)))
    return pair_of([_picture(moment, line, now) for moment, line in told if moment.photos])


def _picture(moment: Any, line: Any, now: int) -> Picture:
    key, after = moment.photos[0], moment.step.what in AFTER
    small, large = f"/files/{key}?side=320", f"/files/{key}?side={LARGE}"
    return Picture(key, small, large, when(moment.step.at, now), after, line.who)
