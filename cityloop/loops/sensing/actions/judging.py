"""Judging readings as they come: in batches of whole columns, each reading once, whatever happens meanwhile.

What is found is written in the transaction that takes the readings away (see `arriving`): a judge that is killed leaves
all to the next one. The readings themselves are only read, outside of it.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from django.db import transaction

from cityloop.ground.kit.remembered import one_moment
from cityloop.loops.sensing import fences, instruments, moving, normals, watches
from cityloop.loops.sensing.actions import alarming, arriving
from cityloop.loops.sensing.models import Alarm, Datastream
from cityloop.loops.sensing.models import Stand as Row
from cityloop.loops.sensing.rules import conditions, phases
from cityloop.loops.sensing.rules.conditions import Column, Told
from cityloop.loops.sensing.rules.phases import CALM, RAISED, Stand, Turn
from cityloop.loops.sensing.watches import Bound, Watch
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import queries as catalog
from cityloop.town.tabular.turns import one_after_another

log = logging.getLogger(__name__)
MOST = 50_000
FEW = 10  # alarms that are raised in one transaction: each may open a case


class Series(NamedTuple):
    """The readings of one datastream in the order of their time; `new` says which were not judged before."""

    time: Column
    result: Column
    new: Column


class Found(NamedTuple):
    """What a rule found of a datastream: turns of an alarm, the readings that made them, how it stood and stands."""

    watch: Watch
    bound: Bound
    turns: list[Turn]
    series: Series
    before: Stand
    stand: Stand


def judge(*, at: int, most: int = MOST, partition: int | None = None, before: int | None = None) -> int:
    """Judge what has come, no more than `most` readings; give how many.

    Of a partition of the stream alone, where one is asked for; only what came `before` an instant of real time.
    """
    waiting = arriving.waiting(most, partition=partition, before=before)
    if not waiting.rows:
        return 0
    catalog.forget()  # a rule switched on before a reading came judges it, whoever switched it on
    with one_moment():
        bound = watches.bound_of(np.unique(waiting.datastream).tolist())
        moved = moving.newest(waiting)
        found = list(_judged(waiting, bound))
        raising = [one for one in found if any(turn.raised for turn in one.turns)]
        rest = found
        if len(raising) > FEW:  # a whole city's air: nobody waits for the database until all of it is written
            apply_in_portions(raising, at, waiting)
            rest = [one for one in found if not any(turn.raised for turn in one.turns)]
        with transaction.atomic():
            if not arriving.taken(waiting):
                return 0
            if moved:
                moving.follow(moved, bound)
            apply(rest, at)
    return len(waiting.time)


def _judged(waiting: arriving.Waiting, bound: Mapping[int, Bound]) -> Iterator[Found]:
    present, starts = np.unique(waiting.datastream, return_index=True)
    ends = np.r_[starts[1:], len(waiting.time)]
    known = watches.watches()
    groups: dict[str, list[tuple[Bound, int, int]]] = defaultdict(list)
    for pk, start, end in zip(present.tolist(), starts.tolist(), ends.tolist(), strict=True):
        if (one := bound.get(pk)) and watches.fitting(one, known):
            groups[one.observed].append((one, start, end))
    stands = standing([one.datastream for some in groups.values() for one, _start, _end in some])
    for observed, some in groups.items():
        for watch in known[observed]:
            yield from _watched(watch, some, waiting, stands)


def _watched(
    watch: Watch, some: Sequence[tuple[Bound, int, int]], waiting: arriving.Waiting,
    stands: Mapping[tuple[int, str], Stand],
) -> Iterator[Found]:  # fmt: skip
    """Judge the readings of all datastreams that a rule watches; those where all is calm are passed over."""
    if watch.asleep:
        return
    some = _astir(watch, some, waiting, stands)
    before = {one.datastream: stands.get((one.datastream, watch.rule), Stand()) for one, _start, _end in some}
    context = _context(watch, some, waiting, before)
    known = beside(watch, {one.datastream: (int(waiting.time[a]), int(waiting.time[b - 1])) for one, a, b in some})
    for one, start, end in some:
        series = context.get(one.datastream) or _alone(waiting, start, end)
        late = series.time <= before[one.datastream].judged
        series = series._replace(new=series.new & ~late)
        if not series.new.any():
            continue
        try:
            yield judged(watch, one, series, before[one.datastream], known.get(one.datastream))
        except Exception:  # noqa: BLE001 - one rule that breaks may not keep all others from judging
            log.exception("rule %s broke off at datastream %s", watch.rule, one.datastream)


def _astir(
    watch: Watch, some: Sequence[tuple[Bound, int, int]], waiting: arriving.Waiting,
    stands: Mapping[tuple[int, str], Stand],
) -> Sequence[tuple[Bound, int, int]]:  # fmt: skip
    """Give the datastreams of which a rule may have something to say: most are calm. One query, or none."""
    match watch.alarm.condition:
        case "above" | "below":
            so = np.r_[0, np.cumsum(_limits(watch, waiting.result).so)]
            stirred = {one.datastream for one, start, end in some if so[end] > so[start]}
        case "rises" | "falls":
            swings = arriving.swings(_spans(watch, some, waiting))
            stirred = {pk for pk, swing in swings.items() if swing >= watch.by}
        case "silent":
            stirred = set()
        case _:
            return some
    stirred |= {pk for (pk, rule), stand in stands.items() if rule == watch.rule and stand.phase != CALM}
    return [one for one in some if one[0].datastream in stirred]


def _spans(
    watch: Watch, some: Sequence[tuple[Bound, int, int]], waiting: arriving.Waiting
) -> Iterator[arriving.Span]:  # fmt: skip
    """Give over which time each rule looks: from before the first new reading to the last."""
    for one, start, end in some:
        yield one.datastream, int(waiting.time[start]) - watch.looks_back, int(waiting.time[end - 1])


def beside(watch: Watch, spans: Mapping[int, tuple[int, int]]) -> Mapping[int, Any]:
    """Give what a rule must know besides the readings: what is normal, or where things were. One query, or none."""
    if watch.alarm.unusual:
        return normals.of(spans)
    return moving.tracks(spans) if watch.alarm.fence else {}


def judged(watch: Watch, bound: Bound, series: Series, before: Stand, known: Any) -> Found:
    """Judge the new readings of one datastream by one rule."""
    told, new = told_of(watch, bound, series, known), series.new
    only = Told(told.so[new], told.over[new])
    turns, stand = phases.turns(series.time[new], only, before, hold=watch.hold, gap=watch.gap)
    return Found(watch, bound, turns, Series(series.time[new], series.result[new], new[new]), before, stand)


def told_of(watch: Watch, bound: Bound, series: Series, known: Any) -> Told:
    """Say where readings are as the rule says, and where it is over."""
    rule, (times, values, new) = watch.alarm, series
    match rule.condition:
        case "above" | "below":
            told = _limits(watch, values)
            return conditions.often(times, told.so, rule.times, watch.within) if rule.times else told
        case "rises" | "falls":
            by = watch.by if rule.rises is not None else -watch.by
            return conditions.changed(times, values, by, watch.within)
        case "unusual" if known is not None:
            return conditions.unusual(times, values, known, rule.unusual or 0, _zone())
        case "fence":
            return fences.told(bound.fence, known or {}, times, rule.fence == "inside")
        case "rule" if watch.function is not None:
            return conditions.asked(times, values, new, watch.within, watch.function)
        case "silent":
            return Told(np.zeros(len(times), bool), np.ones(len(times), bool))
    return Told(np.zeros(len(times), bool), np.zeros(len(times), bool))


def _limits(watch: Watch, values: Column) -> Told:
    rule = watch.alarm
    if rule.above is not None:
        return conditions.above(values, rule.above, rule.clear)
    return conditions.below(values, rule.below or 0.0, rule.clear)


def _zone() -> ZoneInfo:
    return city_clock.zone


def _alone(waiting: arriving.Waiting, start: int, end: int) -> Series:
    return Series(waiting.time[start:end], waiting.result[start:end], np.ones(end - start, bool))


def _context(
    watch: Watch, some: Sequence[tuple[Bound, int, int]], waiting: arriving.Waiting, before: Mapping[int, Stand]
) -> dict[int, Series]:
    """Give the readings of the time that a rule looks back over, the new ones among them. One query, or none."""
    if not watch.looks_back or not some:
        return {}
    kept = arriving.between(_spans(watch, some, waiting))
    found = {}
    for one, start, end in some:
        times, results = kept[one.datastream]
        found[one.datastream] = Series(times, results, _among(times, waiting.time[start:end]))
    return found


def _among(times: Column, those: Column) -> Column:
    """Say which instants are among others; both are sorted."""
    place = np.minimum(np.searchsorted(those, times), len(those) - 1)
    return np.asarray(those[place] == times)


def standing(ids: Iterable[int]) -> dict[tuple[int, str], Stand]:
    """Give how rules stand with datastreams that were not always calm. One query."""
    rows = Row.objects.filter(datastream__in=list(ids)).values_list("datastream_id", "rule", "phase", "since", "judged")
    return {(pk, rule): Stand(phase, since, judged) for pk, rule, phase, since, judged in rows}


# --- what comes of it -----------------------------------------------------------------------------


def apply_in_portions(found: Sequence[Found], at: int, waiting: arriving.Waiting | None = None) -> None:
    """Do as `apply`, a few in each transaction: who breaks off leaves the rest; what was done is known by its stand.

    Once another judge has taken away what was `waiting`, no more is done.
    """
    for start in range(0, len(found), FEW):
        with transaction.atomic():
            if waiting is not None and not arriving.held(waiting):
                return
            apply(found[start : start + FEW], at)


def apply(found: Sequence[Found], at: int) -> None:
    """Keep how rules stand, raise alarms and clear them, inside the caller's transaction."""
    kept = [one for one in found if one.turns or one.stand.phase != CALM or one.before.phase != CALM]
    if not kept:
        return
    _keep(kept)
    shared = [one for one in kept if one.watch.alarm.agree and (one.turns or _is_back(one))]
    # Each of two judges would see its own stands alone, and none would raise or clear what both together do. Before any
    # case is locked, which the other may want as well.
    one_after_another({f"agree:{one.watch.rule}:{one.bound.unit_code}" for one in shared})
    alone = [one for one in kept if not one.watch.alarm.agree]
    pairs: dict[str, set[str]] = defaultdict(set)
    for one in alone:
        pairs[one.watch.rule].add(_about(one.bound))
    there = alarming.standing(pairs) if pairs else {}
    places = _places([one.bound.thing for one in kept if any(turn.raised for turn in one.turns)])
    for one in alone:
        _turned(one, there.get((one.watch.rule, _about(one.bound))), places, at)
    for one in shared:
        _agreed(one, places, at)


def _is_back(found: Found) -> bool:
    """Tell whether what was raised, and not counted any more for its silence, is heard of again."""
    return found.before.phase == RAISED and int(found.series.time[0]) - found.before.judged > found.watch.lasts


def _keep(found: Sequence[Found]) -> None:
    rows = [
        Row(datastream_id=one.bound.datastream, rule=one.watch.rule, phase=one.stand.phase, since=one.stand.since,
            judged=one.stand.judged, unit_code=one.bound.unit_code)
        for one in found
    ]  # fmt: skip
    Row.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["datastream", "rule"],
        update_fields=["phase", "since", "judged", "unit_code"],
    )  # fmt: skip


def _about(bound: Bound) -> str:
    return f"ds:{bound.datastream}"


def _turned(found: Found, alarm: Alarm | None, places: Mapping[int, tuple[float, float]], at: int) -> None:
    """Let the alarm of a datastream follow its turns: one that is over by now opens no case."""
    watch, result, raised, start = found.watch, found.series.result, False, 0
    for turn in found.turns:
        if turn.raised and alarm is None:
            alarm, raised, start = alarming.find(watch=watch, seen=_seen(found, turn, places), at=at), True, turn.at
        elif not turn.raised and alarm is not None:
            alarming.worse(alarm=alarm, watch=watch, values=_numbers(result[start : turn.at]))
            time, value = int(found.series.time[turn.at]), _number(result[turn.at])
            alarming.over(alarm=alarm, watch=watch, time=time, value=value, at=at)
            alarm, raised = None, False
    if alarm is None:
        return
    alarming.worse(alarm=alarm, watch=watch, values=_numbers(result[start:]))
    if raised:
        alarming.open_case(alarm=alarm, watch=watch, at=at)


def _numbers(column: Column) -> list[float]:
    numbers: list[float] = column[~np.isnan(column)].tolist()
    return numbers


def _seen(found: Found, turn: Turn, places: Mapping[int, tuple[float, float]]) -> alarming.Seen:
    bound, series = found.bound, found.series
    lon, lat = places.get(bound.thing, (None, None))
    return alarming.Seen(
        _about(bound), bound.datastream, bound.unit_code, bound.place, lon, lat, turn.since,
        int(series.time[turn.at]), _number(series.result[turn.at]),
    )  # fmt: skip


def _agreed(found: Found, places: Mapping[int, tuple[float, float]], at: int) -> None:
    """Raise or clear the alarm of a unit, by how many of its things say so now."""
    watch, about = found.watch, f"unit:{found.bound.unit_code}"
    turn = found.turns[-1] if found.turns else Turn(True, len(found.series.time) - 1, found.stand.since)
    heard = int(found.series.time[turn.at]) - watch.lasts  # of what fell silent before nobody knows what it would say
    saying = Row.objects.filter(
        rule=watch.rule, unit_code=found.bound.unit_code, phase=RAISED, judged__gte=heard
    )  # fmt: skip
    things = set(Datastream.objects.filter(pk__in=saying.values("datastream")).values_list("thing", flat=True))
    alarm = alarming.standing({watch.rule: {about}}).get((watch.rule, about))
    if turn.raised and len(things) >= (watch.alarm.agree or 0) and alarm is None:
        seen = _seen(found, turn, places)._replace(about=about, datastream=None, place="", lon=None, lat=None)
        alarming.open_case(alarm=alarming.find(watch=watch, seen=seen, at=at), watch=watch, at=at)
    elif len(things) < (watch.alarm.agree or 0) and alarm is not None:
        time, value = int(found.series.time[turn.at]), _number(found.series.result[turn.at])
        alarming.over(alarm=alarm, watch=watch, time=time, value=value, at=at)


def _places(things: Sequence[int]) -> dict[int, tuple[float, float]]:
    """Give where things stand, of those that have a point. One query, or none."""
    if not things:
        return {}
    return instruments.places(things)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
