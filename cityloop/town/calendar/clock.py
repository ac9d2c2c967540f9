"""What time it is in the city: the one clock that doors and tasks ask, and hand to actions as `at`."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from cityloop.ground.kit.remembered import moment
from cityloop.town.calendar import rules
from cityloop.town.calendar.models import CityClock
from cityloop.town.calendar.queries import cache_seconds


@dataclass(frozen=True, slots=True)
class ClockFace:
    """What a page says about the time: the instant, the mode, the speed, and whether the replayed time is used up."""

    now: int
    driven: bool
    speed: float
    used_up: bool
    zone: str


def system_now() -> int:
    """Give the system clock's instant."""
    return time.time_ns() // 1000


class CityClockPort:
    """The city's clock in this process. It never goes backwards, and reads its row at most once a second."""

    def __init__(self, real: Callable[[], int] = system_now, tick: Callable[[], float] = time.monotonic) -> None:
        self._real, self._tick = real, tick
        self._lock = threading.Lock()
        self._kept: CityClock | None = None
        self._last = 0
        self._read_after = float("-inf")

    def now(self) -> int:
        """Give the present city instant."""
        row = self._row()
        at = max(rules.city_time(row, self._real()), row.high_water)
        if row.mode == CityClock.SYSTEM:
            return at
        with self._lock:
            self._last = max(self._last, at)
            return self._last

    @property
    def zone(self) -> ZoneInfo:
        """Give the city's time zone."""
        return ZoneInfo(self._row().zone)

    def face(self) -> ClockFace:
        """Give what a page shows about the time."""
        row, now = self._row(), self.now()
        used_up = rules.used_up(row, now)
        return ClockFace(now, row.mode == CityClock.DRIVEN, 1.0 if used_up else row.speed, used_up, row.zone)

    def forget(self) -> None:
        """Read the row again at the next question."""
        self._read_after = float("-inf")

    def restart(self) -> None:
        """Forget the row and how far time had come: for a clock set anew, and between tests."""
        self._kept = None
        self._last = 0
        self.forget()

    def _row(self) -> CityClock:
        tick = moment() or self._tick()  # an answer that takes long asks no second time
        if self._kept is None or tick >= self._read_after:
            self._kept = CityClock.objects.filter(id=1).first() or CityClock()
            self._read_after = tick + cache_seconds()
        return self._kept


city_clock = CityClockPort()
