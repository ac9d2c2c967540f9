"""From rows to records: what a row says, read and judged, with the marks that keep it out of statistics."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases.importing.known import Known, said
from cityloop.loops.cases.importing.mapping import ImportMap
from cityloop.loops.cases.importing.places import Place, Placer
from cityloop.loops.cases.importing.times import Times
from cityloop.town.persons.actions import Kept
from cityloop.town.tabular.rejects import Reject
from cityloop.town.tabular.tables import Raw

WORDS_LONGEST = 20_000
IMPOSSIBLE, ZERO, FUTURE, UNREADABLE = "impossible_time", "zero_time", "future_time", "unreadable_time"


@dataclass(slots=True)
class Record:
    """A row as read. `closed` is what the source says, be it possible or not; `marks` say what is wrong."""

    number: int
    line: int
    key: str
    created: int
    closed: int | None
    due: int | None
    status: str
    matter: str
    agency: int
    channel: str
    address: str
    precision: str
    place: Place
    marks: tuple[str, ...]
    words: str = ""
    kept: Kept | None = None  # its words, once they are sealed
    salt: bytes | None = None  # of its address, once it is a case

    @property
    def marked(self) -> str:
        """The marks in one text."""
        return " ".join(self.marks)[:40]

    @property
    def ended(self) -> int | None:
        """When it ended, as the ledger can say it: never before it began."""
        return None if self.closed is None else max(self.closed, self.created)


class Reader:
    """Turns raw rows into records, a chunk at a time. In a simulation the future is merely not known yet."""

    def __init__(self, rules: ImportMap, known: Known, now: int, *, simulated: bool = False) -> None:
        self.rules, self.known, self.now, self.simulated = rules, known, now, simulated
        self.times = Times(rules.time)
        self.placer = Placer(rules.place)
        names = list(rules.wanted())
        at = {role: names.index(name) for role, name in rules.columns.single().items()}
        self.key, self.created = at["key"], at["created"]
        self.closed, self.due, self.status = (at.get(role, -1) for role in ("closed", "due", "status"))
        self.matter, self.agency = at.get("matter", -1), at.get("agency", -1)
        self.channel, self.address = at.get("channel", -1), at.get("address", -1)
        self.lon = names.index(rules.place.lon) if rules.place.lon else -1
        self.lat = names.index(rules.place.lat) if rules.place.lat else -1
        self.words = [names.index(name) for name in rules.columns.words]
        self.areas = [names.index(area.column) for area in rules.place.areas]

    def read(self, raws: Sequence[Raw]) -> Iterator[Record | Reject]:
        """Give a record or a reject for each row, in order."""
        # One empty value more, so that a column the map does not name reads as empty.
        values = [(*raw.values, "") if raw.values else ("",) * (max(self._all()) + 2) for raw in raws]
        areas = [[value[i].strip() for value in values] for i in self.areas]
        places = self.placer.many([v[self.lon] for v in values], [v[self.lat] for v in values], areas)
        for raw, value, place in zip(raws, values, places, strict=True):
            yield self._row(raw, value, place)

    def _all(self) -> list[int]:
        return list(range(len(self.rules.wanted())))

    def _row(self, raw: Raw, value: tuple[str, ...], place: Place) -> Record | Reject:
        if raw.reason:
            return Reject(raw.number, raw.line, raw.field, raw.reason)
        key = said(value[self.key])
        if not key or len(key) > 120:
            reason = "it has no key" if not key else "its key is longer than 120 characters"
            return Reject(raw.number, raw.line, self.rules.columns.key, reason)
        try:
            created, is_day = self.times.beginning(value[self.created])
        except ValueError as error:
            return Reject(raw.number, raw.line, self.rules.columns.created, str(error))
        try:
            matter, agency = self.known.matter(said(value[self.matter])), self.known.agency(said(value[self.agency]))
        except Refusal as refusal:
            return Reject(raw.number, raw.line, getattr(self.rules.columns, refusal.field or ""), str(refusal))
        words = "\n\n".join(filter(None, (said(value[i]) for i in self.words)))
        if len(words) > WORDS_LONGEST:
            return Reject(raw.number, raw.line, self.rules.columns.words[0], "it says more than 20,000 characters")
        closed, due, marks, closed_is_day = self._later(value, created, place)
        return Record(
            raw.number,
            raw.line,
            key,
            created,
            closed,
            due,
            said(value[self.status])[:60],
            matter,
            agency,
            said(value[self.channel])[:40],
            said(value[self.address])[:200],
            "day" if is_day or closed_is_day else "second",
            place,
            marks,
            words,
        )

    def _later(
        self, value: tuple[str, ...], created: int, place: Place
    ) -> tuple[int | None, int | None, tuple[str, ...], bool]:
        """Read what came after the creation, mark what cannot be, and tell whether only the day of closing is known."""
        closed, unreadable, is_day = self._optional(value[self.closed])
        due, *_ = self._optional(value[self.due])
        marks = [UNREADABLE] if unreadable else []
        if closed is not None and closed < created:
            marks.append(IMPOSSIBLE)
        elif closed == created and self.rules.time.precision == "second":
            marks.append(ZERO)
        if not self.simulated and (created > self.now or (closed is not None and closed > self.now)):
            marks.append(FUTURE)
        if place.mark:
            marks.append(place.mark)
        return closed, due, tuple(marks), is_day

    def _optional(self, text: str) -> tuple[int | None, bool, bool]:
        """Give an instant if there is one, whether what stands there is none, and whether only the day is known."""
        if not text or not text.strip():
            return None, False, False
        try:
            at, is_day = self.times.instant(text)
        except ValueError:
            return None, True, False
        return at, False, is_day
