"""Working time: when is it due, and how much working time lies between two instants.

Instants are `int` microseconds since 1970-01-01 UTC; amounts are `int` microseconds of running time.
A calendar is turned once into two sorted tables, the ends of its working intervals and the working time
accumulated up to each; every question is then a binary search, O(log n), never a walk over slots.

Conventions
- A shift is local wall time and belongs to the day on which it starts; one that ends at or before its
  start runs past midnight. A working instant lies in `[start, end)`.
- A wall time that the clocks skip is read with the offset before the gap, one that they repeat means its
  first occurrence (RFC 5545, section 3.3.5). Intervals that meet or overlap through this are joined.
- A deadline that uses up a shift exactly falls at that shift's end, not at the next one's start; hence
  `between(a, add(a, x)) == x` for every x >= 0, and an amount of 0 is due at once.
"""

from cityloop.ground.worktime.calendar import FIRST_YEAR, LAST_YEAR, WorkCalendar, limit_micros
from cityloop.ground.worktime.calendars import Calendars
from cityloop.ground.worktime.limits import DAY, HOUR, MINUTE, SECOND, Limit, LimitUnit, Running, parse_limit
from cityloop.ground.worktime.pattern import YearDays, check_zone, public_days

__all__ = [
    "DAY",
    "FIRST_YEAR",
    "HOUR",
    "LAST_YEAR",
    "MINUTE",
    "SECOND",
    "Calendars",
    "Limit",
    "LimitUnit",
    "Running",
    "WorkCalendar",
    "YearDays",
    "check_zone",
    "limit_micros",
    "parse_limit",
    "public_days",
]
