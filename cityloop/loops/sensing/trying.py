"""Trying a rule on what was measured: which alarms it would have raised, and which of them people reported too.

The same conditions and phases as when readings come (see `actions.judging`); nothing is written.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from pydantic import ValidationError

from cityloop.ground.kit.loader import innermost
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.things import Alarm
from cityloop.loops.sensing import instruments, moving, normals, ports, watches
from cityloop.loops.sensing.actions.judging import Series, told_of
from cityloop.loops.sensing.history.reading import all_readings, readings_since
from cityloop.loops.sensing.rules import phases
from cityloop.loops.sensing.rules.conditions import DAY, HOUR, Column, Told, unusual_by_day
from cityloop.loops.sensing.rules.phases import Stand
from cityloop.loops.sensing.watches import Bound, Watch
from cityloop.town.calendar.clock import city_clock
from cityloop.town.tabular.keyed import rows_of

READINGS, POSITIONS = 3_000_000, 500_000  # that are looked at in one trial: a position weighs more than a number
AT_ONCE = 250_000  # of them, as rows
TIMES = ("hold", "silent", "within")


class Would(NamedTuple):
    """An alarm that would have been raised; `over` is None where it would stand still. `reports` are cases' ids."""

    bound: Bound
    since: int
    raised: int
    over: int | None
    worst: float | None
    reports: tuple[int, ...] = ()
    heard: tuple[tuple[int, int], ...] = ()  # meanwhile: from when until when, without too long a silence


class Trial(NamedTuple):
    """What a rule would have done: of how many instruments and readings, the alarms in the order of their time."""

    watch: Watch
    instruments: int
    readings: int
    alarms: list[Would]

    @property
    def reported(self) -> int:
        """How many of the alarms people reported too."""
        return sum(bool(one.reports) for one in self.alarms)


def _unfit(error: ValidationError, given: Sequence[str]) -> Refusal:
    """Say what does not fit, and of which of the values given."""
    first = innermost(error, "", {})[0]
    why = first.message
    field = next((name for name in given if first.key.startswith(name) or why.startswith(name)), given[0])
    if field in TIMES and (first.key == field or "um, uh or d" in why):
        return Refusal(
            "sensing.rule.value", "Give {name} as a time such as 2 uh: a number and one of um, uh or d.",
            field=field, name=field,
        )  # fmt: skip
    return Refusal("sensing.rule.value", "This does not fit the rule: {why}.", field=field, why=why)


def changed(rule: str, **values: Any) -> Watch:
    """Give a rule that is in force with other values; refuse what no rule may be, naming the field."""
    found = watches.watch(rule)
    if found is None:
        raise Refusal("sensing.rule.unknown", "There is no such rule in the plates that are on.", field="rule")
    if not values:
        return found
    said = {**found.alarm.model_dump(exclude_none=True), **values}
    try:
        alarm = Alarm.model_validate({name: value for name, value in said.items() if value is not None})
    except ValidationError as error:
        raise _unfit(error, tuple(values)) from error
    return found._replace(
        alarm=alarm, hold=watches.span(alarm.hold), silent=watches.span(alarm.silent),
        within=watches.span(alarm.within) or (DAY if alarm.rule else 0),
    )  # fmt: skip


def attempt(*, watch: Watch, since: int, until: int, unit: str = "") -> Trial:
    """Try a rule on the readings between two instants, of a unit and all below it; refuse more than can be looked at.

    Three queries, and up to five for each stretch of time; one more for what people reported.
    """
    known = watches.watches()
    bound = [one for one in watches.bound_to(watch.rule.rpartition("/")[0], unit) if watches.fitting(one, known)]
    found: list[Would] = []
    readings = 0
    before = since - max(watch.looks_back, watch.silent, normals.WEEKS if watch.alarm.unusual else 0)
    said = _said(watch, [one.datastream for one in bound], before, until)
    for one in bound:
        times, results, track = said.pop(one.datastream, _Said()).whole()
        series = Series(times, results, times >= since)
        readings += int(series.new.sum())
        if watch.silent:
            found += _silences(watch, one, series.time, min(until, city_clock.now()))
        else:
            found += _alarms(watch, one, series, track)
    if watch.alarm.agree:
        found = list(_agreeing(watch, found))
    return Trial(watch, len(bound), readings, _reported(watch, sorted(found, key=lambda one: (one.raised, one.bound))))


class _Said:
    """What an instrument said, stretch by stretch: times and results, and where it was, if that is asked."""

    def __init__(self) -> None:
        self.times, self.results = [np.empty(0, np.int64)], [np.empty(0)]
        self.track: dict[int, moving.Point] = {}

    def add(self, times: Column, results: Column) -> None:
        """Take what comes after all that is here."""
        self.times.append(times)
        self.results.append(results)

    def whole(self) -> tuple[Column, Column, dict[int, moving.Point]]:
        """Give all of it."""
        return np.concatenate(self.times), np.concatenate(self.results), self.track


def _said(watch: Watch, ids: Sequence[int], since: int, until: int) -> dict[int, _Said]:
    """Give what instruments said between two instants: what is held of a reading is small, its row is not."""
    most = POSITIONS if watch.alarm.fence else READINGS
    expected, first, last = _expected(ids, since, until)
    if expected > most:
        raise _much(expected, most)
    width = max(HOUR, (last - first) * AT_ONCE // max(expected, 1))
    found: dict[int, _Said] = defaultdict(_Said)
    number = 0
    for start in range(first, last, width):
        number += _stretch(watch, ids, start, min(start + width, last), found)
        if number > most:  # they came closer together than what is kept of them lets think
            raise _much(number, most)
    return found


def _stretch(watch: Watch, ids: Sequence[int], since: int, until: int, found: dict[int, _Said]) -> int:
    """Put in what instruments said in a stretch of time, wherever that stands; give how many readings they were."""
    if watch.alarm.fence:
        told = all_readings(ids, since, until)
        for pk, track in moving.tracks_of(told).items():
            found[pk].track |= track
        some = {pk: (told.time[a:b], told.result[a:b]) for pk, a, b in _each(told.datastream)}
    else:
        some = readings_since(dict.fromkeys(ids, since), until)
    for pk, (times, results) in some.items():
        found[pk].add(times, results)
    return sum(len(times) for times, _results in some.values())


def _each(datastreams: Column) -> Iterator[tuple[int, int, int]]:
    """Give from where to where each datastream's readings stand."""
    present, starts = np.unique(datastreams, return_index=True)
    return zip(present.tolist(), starts.tolist(), [*starts[1:].tolist(), len(datastreams)], strict=True)


def _expected(ids: Sequence[int], since: int, until: int) -> tuple[int, int, int]:
    """Give about how many readings there are between two instants, the first of them, and before when. One query.

    It is reckoned from what is kept with each instrument, as if it had always said as much.
    """
    rows = rows_of(
        "sensing_latest", ("d",), [(pk,) for pk in ids], give="o.count, o.first, o.last", where="o.datastream_id = k.d"
    )
    spans = [(count, max(first, since), min(last + 1, until), last + 1 - first) for count, first, last in rows]
    here = [one for one in spans if one[1] < one[2]]
    number = sum(count * (end - start) // whole for count, start, end, whole in here)
    return number, min((one[1] for one in here), default=since), max((one[2] for one in here), default=since)


def _much(number: int, most: int) -> Refusal:
    return Refusal(
        "sensing.trial.much",
        "This would look at about {number} readings; {most} can be looked at in one trial. Choose fewer days.",
        "days", number=f"{number:,}", most=f"{most:,}",
    )  # fmt: skip


def _alarms(watch: Watch, bound: Bound, series: Series, track: Any) -> Iterator[Would]:
    told = _told(watch, bound, series, track)
    times, results = series.time[series.new], series.result[series.new]
    only = told._replace(so=told.so[series.new], over=told.over[series.new])
    turns, _stand = phases.turns(times, only, Stand(), hold=watch.hold, gap=watch.gap)
    for number, turn in enumerate(turns):
        if turn.raised:
            end = turns[number + 1].at if number + 1 < len(turns) else None
            worst = _furthest(watch, results[turn.at : end])
            over = None if end is None else int(times[end])
            heard = _heard(times[turn.at : end], watch.lasts)
            yield Would(bound, turn.since, int(times[turn.at]), over, worst, heard=heard)


def _heard(times: Column, lasts: int) -> tuple[tuple[int, int], ...]:
    cuts = np.flatnonzero(np.diff(times) > lasts)
    starts, ends = times[np.r_[0, cuts + 1]], times[np.r_[cuts, len(times) - 1]]
    return tuple(zip(starts.tolist(), ends.tolist(), strict=True))


def _told(watch: Watch, bound: Bound, series: Series, track: Any) -> Told:
    """Say as those who judge would have said it then: what is normal they know of the weeks before alone."""
    if watch.alarm.unusual is None:
        return told_of(watch, bound, series, track)
    return unusual_by_day(series.time, series.result, watch.alarm.unusual, city_clock.zone, normals.WEEKS)


def _silences(watch: Watch, bound: Bound, times: Column, upto: int) -> Iterator[Would]:
    """Give the silences, the last one too, which is not over: who says nothing any more is missed as well."""
    for place in np.flatnonzero(np.diff(np.r_[times, upto]) > watch.silent).tolist():
        over = int(times[place + 1]) if place + 1 < len(times) else None
        yield Would(bound, int(times[place]), int(times[place]) + watch.silent, over, None)


def _furthest(watch: Watch, values: Any) -> float | None:
    numbers = values[~np.isnan(values)]
    if not len(numbers):
        return None
    return float(numbers.min() if watch.alarm.condition in ("below", "falls") else numbers.max())


def _agreeing(watch: Watch, found: Iterable[Would]) -> Iterator[Would]:
    """Give the times in which as many things of a unit as the rule asks for said so together."""
    units: dict[str, list[Would]] = {}
    for one in found:
        units.setdefault(one.bound.unit_code, []).append(one)
    for some in units.values():
        turns = [turn for one in some for turn in _turns(one, watch.lasts)]
        saying: dict[int, int] = {}
        first: Would | None = None
        for at, same in groupby(sorted(turns, key=lambda turn: turn[:2]), key=itemgetter(0)):
            said = False
            for _at, step, one, by_reading in same:  # of the same time: looked at together, as a judge does
                saying[one.bound.thing] = saying.get(one.bound.thing, 0) + step
                said |= by_reading
            together = sum(number > 0 for number in saying.values()) >= (watch.alarm.agree or 0)
            if together and first is None:
                first = one._replace(raised=at)
            elif not together and first is not None and said:
                yield first._replace(over=at)
                first = None
        if first is not None:
            yield first._replace(over=None)


def _turns(one: Would, lasts: int) -> Iterator[tuple[int, int, Would, bool]]:
    """Give when one begins and ends to be counted, and whether by a reading, which is when a judge looks."""
    for start, end in one.heard:
        spoke = one.over is not None and end == one.heard[-1][1] and one.over <= end + lasts
        yield start, 1, one, True
        yield (one.over if spoke and one.over else end + lasts + 1), -1, one, spoke
        if one.over and end == one.heard[-1][1] and not spoke:
            yield one.over, 0, one, True


def _reported(watch: Watch, found: Sequence[Would]) -> list[Would]:
    if not found:
        return []
    points = instruments.places(one.bound.thing for one in found)
    spans = [
        ports.Span(
            since=one.since, until=one.over or one.raised, unit=one.bound.unit_code,
            lon=points.get(one.bound.thing, (None, None))[0], lat=points.get(one.bound.thing, (None, None))[1],
        )
        for one in found
    ]  # fmt: skip
    told = ports.reports()(watch.alarm.matter, spans)
    return [one._replace(reports=tuple(reports)) for one, reports in zip(found, told, strict=True)]
