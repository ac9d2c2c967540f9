"""When readings say that something is not as it should be: pure arithmetic over whole columns.

Each function takes the readings of one datastream in the order of their time (`times` in microseconds, `values` with
NaN where a result is no number) and gives two columns of truth: where it is so, and where it is over. Between the two
(between a limit and the value at which it is over) things stay as they were.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]
HOUR, DAY = 3_600_000_000, 86_400_000_000
HOURS = 168  # of a week, Monday 00:00 first
SCALE = 1.4826  # times the median absolute deviation: the standard deviation, where things are normally distributed
CALMER = 2 / 3  # of what is unusual: below that it is over
LEAST = 4  # values of the same hour of the week, before it is known what is normal then
FINEST = 0.01  # of the normal value: deviations are never taken for smaller than that


class Told(NamedTuple):
    """Where it is so, and where it is over."""

    so: Column
    over: Column


class Normal(NamedTuple):
    """What is normal at each hour of the week: the middle value, and how far values usually lie from it (or NaN)."""

    middle: Column
    spread: Column


def above(values: Column, limit: float, clear: float | None) -> Told:
    """Say where values lie above a limit; over it is at or below `clear`."""
    return Told(values > limit, values <= (limit if clear is None else clear))


def below(values: Column, limit: float, clear: float | None) -> Told:
    """Say where values lie below a limit; over it is at or above `clear`."""
    return Told(values < limit, values >= (limit if clear is None else clear))


def often(times: Column, so: Column, least: int, within: int) -> Told:
    """Say where so many readings were so within the time up to then."""
    upto = np.cumsum(so)
    first = np.searchsorted(times, times - within, side="right")
    number = upto - np.where(first > 0, upto[first - 1], 0)
    return Told(number >= least, number < least)


def changed(times: Column, values: Column, by: float, within: int) -> Told:
    """Say where values rose by so much over the lowest of the time before; with `by` below 0, where they fell."""
    signed = values if by >= 0 else -values
    known = signed[~np.isnan(signed)]
    if not len(known) or known.max() - known.min() < abs(by):  # most are calm: then no window need be looked at
        return Told(np.zeros(len(values), bool), ~np.isnan(signed))
    lowest = np.full(len(values), np.nan)
    waiting: list[int] = []  # of the window, those that may yet be its lowest, the lowest first
    start = 0
    for here in range(len(values)):
        while start < len(waiting) and times[waiting[start]] < times[here] - within:
            start += 1
        if start < len(waiting):
            lowest[here] = signed[waiting[start]]
        if not np.isnan(signed[here]):
            while len(waiting) > start and signed[waiting[-1]] >= signed[here]:
                waiting.pop()
            waiting.append(here)
    risen = signed - lowest
    return Told(risen >= abs(by), ~(risen >= abs(by)) & ~np.isnan(signed))


def unusual(times: Column, values: Column, normal: Normal, deviations: float, zone: ZoneInfo) -> Told:
    """Say where values lie so many robust deviations from what is normal at their hour of the week."""
    return _away(hours_of_week(times, zone), values, normal, deviations)


def unusual_by_day(times: Column, values: Column, deviations: float, zone: ZoneInfo, back: int) -> Told:
    """Say it of a long time as it was said then: each day by what was normal in so long before it."""
    hours, days = hours_of_week(times, zone), (local(times, zone) // DAY)
    so, over = np.zeros(len(times), bool), np.zeros(len(times), bool)
    starts = np.flatnonzero(np.r_[True, np.diff(days) != 0][: len(times)])
    for first, end in zip(starts.tolist(), [*starts[1:].tolist(), len(times)], strict=True):
        begins = times[first] - (local(times[first : first + 1], zone)[0] - days[first] * DAY)
        window = slice(*np.searchsorted(times, [begins - back, begins]))
        asked_for = np.isin(hours[window], hours[first:end]) & ~np.isnan(values[window])
        known = _normal(hours[window][asked_for], values[window][asked_for])
        so[first:end], over[first:end] = _away(hours[first:end], values[first:end], known, deviations)
    return Told(so, over)


def _away(hours: Column, values: Column, normal: Normal, deviations: float) -> Told:
    away = np.abs(values - normal.middle[hours]) / normal.spread[hours]
    return Told(away > deviations, away <= deviations * CALMER)


def asked(times: Column, values: Column, new: Column, within: int, say: Callable[[Sequence[Any]], bool]) -> Told:
    """Say at each new reading what a function of a plate says of the readings of the time up to it."""
    from_ = np.searchsorted(times, times - within, side="right")
    so = np.zeros(len(times), bool)
    for here in np.flatnonzero(new).tolist():
        window = slice(int(from_[here]), here + 1)
        so[here] = say(list(zip(times[window].tolist(), values[window].tolist(), strict=True)))
    return Told(so, new & ~so)


def hours_of_week(times: Column, zone: ZoneInfo) -> Column:
    """Give the hour of the week of instants, as clocks in the city show it: 0 is Monday, 00:00 to 01:00."""
    days, left = np.divmod(local(times, zone), DAY)
    return ((days + 3) % 7 * 24 + left // HOUR).astype(np.int64)  # 1970-01-01 was a Thursday


def local(times: Column, zone: ZoneInfo) -> Column:
    """Give what clocks in the city show, as if it were UTC."""
    present, which = np.unique(times // HOUR, return_inverse=True)
    shifts = np.array([_shift(int(hour) * HOUR, zone) for hour in present], np.int64)
    return np.asarray(times + shifts[which]) if len(times) else times


def _shift(at: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(at / 1_000_000, UTC).astimezone(zone).utcoffset()
    return round(offset.total_seconds()) * 1_000_000 if offset else 0


def normal(times: Column, values: Column, zone: ZoneInfo) -> Normal:
    """Find what is normal at each hour of the week: the median, and 1.4826 times the median absolute deviation.

    Both withstand errors as long as less than half of the values are wrong (Rousseeuw and Croux 1993). An hour with
    fewer than `LEAST` values is not known.
    """
    sound = ~np.isnan(values)
    return _normal(hours_of_week(times[sound], zone), values[sound])


def _normal(hours: Column, values: Column) -> Normal:
    middle, spread = np.full(HOURS, np.nan), np.full(HOURS, np.nan)
    order = np.argsort(hours, kind="stable")
    hours, values = hours[order], values[order]
    edges = np.searchsorted(hours, np.arange(HOURS + 1))
    for hour in range(HOURS):
        those = values[edges[hour] : edges[hour + 1]]
        if len(those) >= LEAST:
            middle[hour] = np.median(those)
            away = SCALE * np.median(np.abs(those - middle[hour]))
            # Where nought alone was seen nobody knows how far from it is far.
            spread[hour] = max(away, FINEST * abs(middle[hour])) or np.nan
    return Normal(middle, spread)
