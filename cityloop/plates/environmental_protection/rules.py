"""What one value cannot say: means over a day, and readings that stand still as no real emission does."""

from collections.abc import Sequence

from cityloop.ground.kit.purity import Reading

HOUR = 3_600_000_000
PM25_DAY, PM25_HOURS = 75.0, 20  # ug/m3; a day counts with 20 hourly values
COD_DAY, COD_TIMES = 50.0, 9  # mg/L; three quarters of the twelve values of a day
STILL_HOURS, STILL_VALUES, STILL_SHARE = 12, 6, 0.02


def pm25_day_mean_high(readings: Sequence[Reading]) -> bool:
    """Tell whether fine dust lies above the day's limit as the mean of the last 24 hours."""
    return _day_mean(readings, PM25_HOURS) > PM25_DAY


def cod_day_mean_high(readings: Sequence[Reading]) -> bool:
    """Tell whether an effluent's oxygen demand lies above the day's limit as the mean of the last 24 hours."""
    return _day_mean(readings, COD_TIMES) > COD_DAY


def stands_still(readings: Sequence[Reading]) -> bool:
    """Tell whether the values of twelve hours differ by less than a fiftieth of their mean."""
    latest = _latest(readings, STILL_HOURS)
    if len(latest) < STILL_VALUES or latest[-1].at - latest[0].at < (STILL_HOURS - 2) * HOUR:
        return False
    values = [one.value for one in latest]
    mean = sum(values) / len(values)
    return mean > 0 and max(values) - min(values) < STILL_SHARE * mean


def _day_mean(readings: Sequence[Reading], least: int) -> float:
    values = [one.value for one in _latest(readings, 24)]
    return sum(values) / len(values) if len(values) >= least else 0.0


def _latest(readings: Sequence[Reading], hours: int) -> list[Reading]:
    """Give the readings of the hours up to the latest."""
    return [one for one in readings if readings[-1].at - one.at < hours * HOUR]
