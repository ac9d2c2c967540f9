"""Whether an instrument drifts away from its neighbours: pure arithmetic over hourly means of two weeks.

What all of them see is weather; what one of them alone sees, more every day, is the instrument. So each is held against
the middle (median) of its peers:

1. *Gain.* Stations see the same weather in different strength: where the middle goes from 20 to 200, one in a valley
   goes from 30 to 300. The gain g is what makes the sum of |y - g x| least, x and y being what the middle and the
   instrument did within each day, as departures from the median of that day. This is the weighted median of y / x with
   the weights |x| (least absolute deviations; Bloomfield and Steiger 1983). No day's own level is in it, so no
   drift is.
2. *Difference of a day.* The median over the hours of a day of (instrument - g middle).
3. *Drift.* The slope of these differences over the days by Theil and Sen (median of the slopes of all pairs; Sen 1968),
   with the trend's own test by Mann and Kendall (Z of at least 3). *Jump.* The split into two levels with the least
   absolute deviations. Of the two that one counts which leaves less unexplained, and less than half of what one level
   alone would leave. Each explanation may take the gain that suits it best, up to a quarter off: what weather could
   explain then needs no drift.
4. Either counts only if the shift over all the days is at least 4 times what is usual: 1.4826 MAD of the change from
   one day to the next (by the root of 2), and of what is left on either level or about the line; and if it is at least
   a tenth of what the property usually varies by (its middle half).

At least `PEERS` others and `DAYS` days are needed. Medians withstand a peer that is wrong itself, as long as most are
not.
"""

from typing import NamedTuple

import numpy as np

from cityloop.loops.sensing.rules.conditions import SCALE, Column

PEERS, DAYS = 3, 7
HOURS = 6  # of a day, before it counts
DRIFTS, JUMPED = "drifts", "jumped"
SURE, CLEAR, LEFT, SHARE = 3.0, 4.0, 0.5, 0.1
EDGE = 3  # days on either side of a jump
UNSURE, GAINS = 0.25, 21  # how far the gain may be off, and how many are tried between


class Shift(NamedTuple):
    """How an instrument went away: by how much over all, since which day (its number), and whether bit by bit.

    `away` is how far it was away on each of the days.
    """

    kind: str
    by: float
    since: int
    days: tuple[int, ...]
    away: tuple[float, ...]


class Fit(NamedTuple):
    """What one explanation leaves unexplained in all, with the differences it was found on."""

    left: float
    away: Column
    by: float = 0.0
    split: int = 0
    rest: Column = np.array([])


def shift(own: Column, middle: Column, days: Column) -> Shift | None:
    """Say how an instrument went away from the middle of its peers, None where it did not or nobody can tell.

    The columns hold one hour each: what it said, the middle of what its peers said (or NaN), the number of the day.
    """
    both = ~np.isnan(own) & ~np.isnan(middle)
    own, middle, days = own[both], middle[both], days[both]
    if not len(days):
        return None
    gains = _gain(own, middle, days) * np.linspace(1 - UNSURE, 1 + UNSURE, GAINS)
    tried = [_daily(own - gain * middle, days) for gain in gains]
    when = tried[0][0]
    if len(when) < DAYS:
        return None
    same, line, jump = (
        sorted((explain(when, away) for _when, away in tried), key=lambda fit: fit.left)[0]
        for explain in (_same, _line, _jump)
    )
    best, explain, kind = (line, _line, DRIFTS) if line.left < jump.left else (jump, _jump, JUMPED)
    if not same.left or best.left > LEFT * same.left or (kind == DRIFTS and _trend(best.away) < SURE):
        return None
    least = SHARE * float(np.subtract(*np.percentile(middle, [75, 25])))
    likeliest = explain(when, tried[GAINS // 2][1])  # at the gain itself it must be as clear
    if min(_clear(best) or 0.0, _clear(likeliest) or 0.0) < max(least, 1e-12):
        return None
    return Shift(kind, best.by, int(when[best.split]), tuple(when.tolist()), tuple(best.away.tolist()))


def _clear(fit: Fit) -> float | None:
    """Give how far it went away, None where that is less than what is usual from day to day allows to say."""
    usual = [_spread(np.diff(fit.away)) / 2**0.5]
    usual += [_spread(part) for part in (fit.rest[: fit.split], fit.rest[fit.split :]) if len(part)]
    return abs(fit.by) if abs(fit.by) >= CLEAR * max(usual) else None


def _spread(column: Column) -> float:
    """Give 1.4826 times the median absolute deviation."""
    return SCALE * float(np.median(np.abs(column - np.median(column))))


def _gain(own: Column, middle: Column, days: Column) -> float:
    """Give how strongly an instrument sees what its peers see, from what happens within days; 1 where nothing does."""
    _present, which = np.unique(days, return_inverse=True)
    x, y = (column - _medians(column, which)[which] for column in (middle, own))
    some = np.abs(x) > 0
    if not some.any():
        return 1.0
    ratio, weight = y[some] / x[some], np.abs(x[some])
    order = np.argsort(ratio)
    upto = np.cumsum(weight[order])
    return float(ratio[order][np.searchsorted(upto, upto[-1] / 2)])


def _medians(column: Column, which: Column) -> Column:
    return np.array([np.median(column[which == n]) for n in range(which.max() + 1)])


def _daily(away: Column, days: Column) -> tuple[Column, Column]:
    """Give the days that have enough hours, and the middle of each."""
    present, which, number = np.unique(days, return_inverse=True, return_counts=True)
    enough = number >= HOURS
    return present[enough], _medians(away, which)[enough]


def _same(_when: Column, away: Column) -> Fit:
    """Explain by one level."""
    return Fit(float(np.abs(away - np.median(away)).sum()), away)


def _line(when: Column, away: Column) -> Fit:
    """Explain by a line, its slope by Theil and Sen."""
    one, other = np.triu_indices(len(when), 1)
    slope = float(np.median((away[other] - away[one]) / (when[other] - when[one])))
    rest = away - slope * when
    rest = rest - np.median(rest)
    return Fit(float(np.abs(rest).sum()), away, slope * float(when[-1] - when[0]), 0, rest)


def _jump(_when: Column, away: Column) -> Fit:
    """Explain by two levels, parted where that explains most."""
    found = []
    for at in range(EDGE, len(away) - EDGE + 1):
        low, high = np.median(away[:at]), np.median(away[at:])
        rest = np.r_[away[:at] - low, away[at:] - high]
        found.append(Fit(float(np.abs(rest).sum()), away, float(high - low), at, rest))
    return min(found, key=lambda fit: fit.left)


def _trend(away: Column) -> float:
    """Give |Z| of the test by Mann and Kendall."""
    one, other = np.triu_indices(len(away), 1)
    score, n = float(np.sign(away[other] - away[one]).sum()), len(away)
    return max(0.0, abs(score) - 1) / (n * (n - 1) * (2 * n + 5) / 18) ** 0.5
