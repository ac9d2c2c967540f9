"""What the instruments of Tinglan say at any instant: made up, the same each time, and known without what came before.

The air alone was measured: hours of six stations in Beijing, moved to the town's own days (see `data/README.md`).
"""

import csv
import gzip
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]
Curve = Callable[[Column], Column]  # from minutes since the day began to values; NaN where nothing is said
FILE = Path(__file__).parent / "data" / "beijing_air.csv.gz"
DAY, FORTNIGHT = 1440, 14 * 1440
_ODD = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def noise(seed: int, minutes: Column) -> Column:
    """Give for each minute a number around 0, of a spread of 1: drawn by the seed and the minute alone."""
    with np.errstate(over="ignore"):
        mixed = (minutes.astype(np.int64) + seed * 1_000_003).astype(np.uint64) * _ODD[0]
        drawn = np.zeros(len(minutes))
        for turn in range(4):  # four evenly spread numbers together are nearly normal
            mixed = (mixed ^ (mixed >> np.uint64(30))) * _ODD[1]
            mixed = (mixed ^ (mixed >> np.uint64(27))) * _ODD[2] + np.uint64(turn)
            drawn += (mixed >> np.uint64(11)).astype(np.float64) / 2**53 - 0.5
    return drawn * np.sqrt(3)


def swell(minutes: Column, begin: float, full: float, ebb: float, end: float) -> Column:
    """Give 0, a rise to 1 from `begin` to `full`, and the way back from `ebb` to `end`."""
    return np.interp(minutes, [begin, full, ebb, end], [0.0, 1.0, 1.0, 0.0])


def hill(minutes: Column, hour: float, wide: float) -> Column:
    """Give each day's hill around an hour of it, `wide` hours to either side."""
    away = np.abs((minutes / 60 - hour + 12) % 24 - 12)
    return np.exp(-((away / wide) ** 2))


def between(minutes: Column, begin: float, end: float) -> Column:
    """Say which minutes lie in a time."""
    return (minutes >= begin) & (minutes < end)


# --- the air, as it was measured ------------------------------------------------------------------


@lru_cache(maxsize=1)
def measured() -> dict[str, Column]:
    """Give the columns of the file by their names, an hour each from the midnight a fortnight before the day."""
    with gzip.open(FILE, "rt", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    values = np.array([[float(cell) if cell else np.nan for cell in row[1:]] for row in rows[1:]])
    return {name: values[:, n] for n, name in enumerate(rows[0][1:])}


def air(station: str, what: str) -> Curve:
    """Give what one of the six stations measured."""
    column = measured()[f"{station} {what}"]
    return lambda minutes: _hourly(column, minutes)


@lru_cache(maxsize=1)
def _middle() -> Column:
    """Give the middle of what the six stations measured: of this the small stations are made."""
    six = np.stack([column for name, column in measured().items() if name.endswith("PM2.5")])
    return np.asarray(np.nanmedian(six, axis=0))


def small_station(seed: int, *, share: float = 1.0, a_day: float = 0.0, jump: float = 0.0, on: int = 0) -> Curve:
    """Give the air of a small station that was made up from the six: one that drifts by so much a day, or jumped."""

    def said(minutes: Column) -> Column:
        found = _hourly(_middle(), minutes) * share + 2.5 * noise(seed, minutes)
        found += a_day * (minutes + FORTNIGHT) / DAY + np.where(minutes >= on * DAY, jump, 0.0)
        return np.maximum(found, 1.0)

    return said


def _hourly(column: Column, minutes: Column) -> Column:
    hours = ((minutes + FORTNIGHT) // 60).astype(np.int64)
    inside = (hours >= 0) & (hours < len(column))
    return np.where(inside, column[np.clip(hours, 0, len(column) - 1)], np.nan)


# --- all else is made up --------------------------------------------------------------------------


def water(seed: int, *, low: bool = False) -> Curve:
    """Give the depth at a gully: dry but for showers, of which those of the day are deep where it lies low."""

    def said(minutes: Column) -> Column:
        rain = swell(minutes, 630, 655, 690, 800)  # a shower at half past ten
        rain += 0.6 * swell(minutes, 1180, 1200, 1230, 1330)
        old = sum(swell(minutes, at, at + 180, at + 240, at + 420) for at in (-17_000, -9_500, -4_100))
        return np.maximum(0.0, (34.0 if low else 5.0) * rain + 4.0 * old + 0.25 * np.abs(noise(seed, minutes)))

    return said


def hum(seed: int, *, night: bool = False, stuck: int | None = None) -> Curve:
    """Give the level at the edge of a works: loud at `night`, or of a meter that stands still from a minute on."""

    def said(minutes: Column) -> Column:
        found = 43.0 + 5.5 * hill(minutes, 14, 6) + 0.9 * noise(seed, minutes)
        if night:
            loud = swell(minutes, 20, 60, 270, 300) + swell(minutes, DAY - 70, DAY - 60, DAY + 120, DAY + 150)
            found = found + 17.0 * loud
        return found if stuck is None else np.where(minutes >= stuck, 47.3, found)

    return said


def speed(seed: int, *, jam: tuple[int, int] | None = None) -> Curve:
    """Give the speed at a junction: slower in the rush hours, and hardly any in a jam."""

    def said(minutes: Column) -> Column:
        found = 42.0 - 13.0 * hill(minutes, 8, 1.2) - 14.0 * hill(minutes, 18, 1.4) + 2.0 * noise(seed, minutes)
        if jam:
            found = found - (found - 6.0 - noise(seed, minutes)) * swell(
                minutes, jam[0], jam[0] + 20, jam[1], jam[1] + 15
            )
        return np.maximum(found, 3.0)

    return said


def traffic(seed: int) -> Curve:
    """Give how many vehicles passed in an hour: whole numbers."""

    def said(minutes: Column) -> Column:
        found = 120 + 900 * hill(minutes, 8, 2) + 700 * hill(minutes, 13, 4) + 950 * hill(minutes, 18, 2.4)
        return np.round(np.maximum(0.0, found * (1 + 0.06 * noise(seed, minutes))))

    return said


def crowd(seed: int, *, full: bool = False) -> Curve:
    """Give how many persons stand on a square metre of a platform."""

    def said(minutes: Column) -> Column:
        found = 0.2 + 1.7 * hill(minutes, 8, 1) + 1.9 * hill(minutes, 18, 1.2) + 0.12 * noise(seed, minutes)
        if full:
            found = found + 3.9 * swell(minutes, 705, 720, 745, 765)
        return np.maximum(found, 0.0)

    return said


def tilt(seed: int, *, open_: tuple[int, int] | None = None) -> Curve:
    """Give how far a cover leans."""

    def said(minutes: Column) -> Column:
        found = 0.6 + 0.2 * np.abs(noise(seed, minutes))
        return np.where(between(minutes, *open_), 41.0 + noise(seed, minutes), found) if open_ else found

    return said


def bin_(seed: int, *, emptied: int = 330, late: int = 0) -> Curve:
    """Give how full a bin is: emptied once a day, and on the day itself so much later."""

    def said(minutes: Column) -> Column:
        since = (minutes - emptied) % DAY
        filled = 4 + 62 * since / DAY + 2 * noise(seed, minutes)
        late_now = between(minutes, emptied, emptied + late)
        return np.clip(np.where(late_now, 84 + 24 * (minutes - emptied) / max(late, 1), filled), 0, 100)

    return said


def smoke(_seed: int, *, seen: tuple[int, int] | None = None) -> Curve:
    """Give whether a detector sees smoke."""
    return lambda minutes: np.where(between(minutes, *seen), 1.0, 0.0) if seen else np.zeros(len(minutes))


def pressure(seed: int, *, low: tuple[int, int] | None = None) -> Curve:
    """Give the pressure at a hydrant."""

    def said(minutes: Column) -> Column:
        found = 0.31 + 0.012 * noise(seed, minutes) - 0.04 * hill(minutes, 20, 2)
        return found - (0.26 * swell(minutes, low[0], low[0] + 5, low[1], low[1] + 20) if low else 0.0)

    return said


def silent(curve: Curve, begin: int, end: int) -> Curve:
    """Give a curve that says nothing for a while."""
    return lambda minutes: np.where(between(minutes, begin, end), np.nan, curve(minutes))
