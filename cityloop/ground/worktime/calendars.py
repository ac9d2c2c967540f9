"""All the calendars of a city, as the loop engine takes them."""

from collections.abc import Iterator, Mapping

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.worktime.calendar import WorkCalendar, limit_micros
from cityloop.ground.worktime.limits import Limit, Running


class Calendars:
    """Calendars by id; an empty id means the default one. Immutable, hashable, picklable."""

    __slots__ = ("_by_id", "default")

    def __init__(self, by_id: Mapping[str, WorkCalendar], default: str = "city") -> None:
        if default not in by_id:
            raise Refusal(
                "worktime.calendar.default", "There is no calendar {key!r} to be the default.", "default", key=default
            )
        self._by_id = dict(by_id)
        self.default = default

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Calendars) and (self.default, self._by_id) == (other.default, other._by_id)

    def __hash__(self) -> int:
        return hash((self.default, frozenset(self._by_id.items())))

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def get(self, cal_id: str = "") -> WorkCalendar:
        """Give the calendar `cal_id`, or the default one when empty; refuse an unknown id."""
        try:
            return self._by_id[cal_id or self.default]
        except KeyError:
            raise Refusal(
                "worktime.calendar.unknown", "There is no calendar {key!r}.", "calendar", key=cal_id
            ) from None

    def add(self, cal_id: str, at: int, amount: int, running: Running) -> int:
        """Give when `amount` after `at` is used up in calendar `cal_id`."""
        return self.get(cal_id).add(at, amount, running)

    def between(self, cal_id: str, a: int, b: int, running: Running) -> int:
        """Give the running time in `[a, b)` in calendar `cal_id`."""
        return self.get(cal_id).between(a, b, running)

    def micros(self, cal_id: str, limit: Limit) -> int:
        """Give `limit` in microseconds of its own running time in calendar `cal_id`."""
        return limit_micros(limit, self.get(cal_id))
