"""Local times as files write them, turned into instants by the rules the map declares."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from cityloop.loops.cases.importing.mapping import TimeMap

FIRST_YEAR, LAST_YEAR = 1900, 2199
BEGINS = 1970  # no case begins before: the instants of a loop are never negative
_EPOCH = datetime(1970, 1, 1)
_MICRO = timedelta(microseconds=1)
_DAY = timedelta(days=1)


class Times:
    """Reads times. `instant` raises ValueError with a reason for people."""

    def __init__(self, rules: TimeMap) -> None:
        self.rules = rules
        self.zone = ZoneInfo(rules.zone)
        self._days: dict[date, int | None] = {}

    def instant(self, text: str, first: int = FIRST_YEAR) -> tuple[int, bool]:
        """Give the instant in microseconds, and whether only the day is known."""
        local = self._parse(text)
        if not first <= local.year <= LAST_YEAR:
            raise ValueError(f"the year {local.year} lies outside {first} to {LAST_YEAR}")
        if local.tzinfo is not None:
            return (local.astimezone(UTC).replace(tzinfo=None) - _EPOCH) // _MICRO, self.rules.precision == "day"
        midnight = not (local.hour or local.minute or local.second or local.microsecond)
        is_day = self.rules.precision == "day" or (midnight and self.rules.midnight == "day")
        return (local - _EPOCH) // _MICRO - self._offset(local), is_day

    def beginning(self, text: str) -> tuple[int, bool]:
        """Give the instant at which a case begins; as `instant`, but none before 1970."""
        at, is_day = self.instant(text, BEGINS)
        if at < 0:  # east of Greenwich the year began before it did in UTC
            raise ValueError(f"{text.strip()[:40]!r} lies before {BEGINS} in UTC")
        return at, is_day

    def _parse(self, text: str) -> datetime:
        for form in self.rules.formats:
            try:
                return _read(text.strip(), form)
            except (ValueError, OverflowError, OSError):
                continue
        raise ValueError(f"{text[:40]!r} is no time in the formats declared")

    def _offset(self, local: datetime) -> int:
        """Give the zone's offset; most days have one from midnight to midnight, which is remembered."""
        day = local.date()
        if day not in self._days:
            start = datetime(day.year, day.month, day.day)
            ends = {self._utc(start, 0), self._utc(start, 1), self._utc(start + _DAY, 0), self._utc(start + _DAY, 1)}
            self._days[day] = ends.pop() if len(ends) == 1 else None
        known = self._days[day]
        return self._exact(local) if known is None else known

    def _exact(self, local: datetime) -> int:
        before, after = self._utc(local, 0), self._utc(local, 1)
        if before == after:
            return before
        rule = self.rules.ambiguous if before > after else self.rules.nonexistent
        if rule == "reject":
            kind = "occurs twice" if before > after else "was skipped"
            raise ValueError(f"{local.isoformat()} {kind} in {self.rules.zone}")
        first = before if before > after else after  # the greater offset gives the earlier instant
        last = after if before > after else before
        return first if rule == "earlier" else last

    def _utc(self, local: datetime, fold: int) -> int:
        offset = self.zone.utcoffset(local.replace(fold=fold))
        return (offset or timedelta()) // _MICRO


def _read(text: str, form: str) -> datetime:
    if form == "iso":
        return datetime.fromisoformat(text)
    if form == "epoch_s":
        return datetime.fromtimestamp(float(text), UTC)
    if form == "epoch_ms":
        return datetime.fromtimestamp(float(text) / 1000, UTC)
    return datetime.strptime(text, form)  # noqa: DTZ007
