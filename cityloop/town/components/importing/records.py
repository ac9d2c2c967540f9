"""From rows to components: what a row says, read and judged; a row that cannot be taken says which field and why."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np

from cityloop.ground.codes import cells
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.things import Attribute
from cityloop.ground.kit.words import clean
from cityloop.town.components import queries
from cityloop.town.components.actions.keeping import NAME
from cityloop.town.components.actions.writing import Row, encode
from cityloop.town.components.importing.mapping import ROLES, WORDS, ComponentsMap
from cityloop.town.components.models import ACCURACIES, STATES
from cityloop.town.components.rules import attributes as told
from cityloop.town.components.rules.identity import Identity
from cityloop.town.components.rules.kinds import Kind
from cityloop.town.tabular.rejects import Reject
from cityloop.town.tabular.tables import Raw
from cityloop.town.units import queries as units
from cityloop.town.units.rules.gcj02 import to_wgs84

KEY = 120
REMEMBERED = 20_000  # values of a column; of more, the column is read anew
Values = tuple[str, ...]


class Taken(NamedTuple):
    """A row that can be taken, besides its number and line in the file; `given` is the code it brought."""

    number: int
    line: int
    row: Row
    prefix: str
    given: str


class Wrong(Exception):
    """A row cannot be taken because of one of its columns."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


class Reader:
    """Turns raw rows into components, a chunk at a time."""

    def __init__(self, rules: ComponentsMap, at: int) -> None:
        self.rules, self.at = rules, at
        self.known = queries.known()
        self.names = list(rules.wanted())
        self.at_column = {role: self.names.index(name) for role, name in rules.columns if name and role != "key"}
        self.keys = [self.names.index(name) for name in rules.columns.keys]
        self.lon, self.lat = (self.names.index(name) for name in rules.point)
        self.called = queries.organisations()
        self.constant = {role: self._constant(role) for role in ROLES}
        self._types: dict[str, Kind] = {}
        self._whose: dict[str, int] = {}
        self._prefixes: dict[tuple[str, str], str] = {}
        self._readers: dict[str, list[tuple[str, int, Callable[[str], Any]]]] = {}
        self._default = queries.kind(rules.types.default, "types.default") if rules.types.default else None
        for code in set(rules.types.values.values()):
            queries.kind(code, "types.values")

    def read(self, raws: Sequence[Raw]) -> Iterator[Taken | Reject]:
        """Give a component or a reject for each row, in order."""
        xs, ys, units_ = self._places(raws)
        inside = np.array([unit is not None for unit in units_], bool)
        squares = iter(cells(xs[inside], ys[inside]).tolist())
        for raw, x, y, unit in zip(raws, xs.tolist(), ys.tolist(), units_, strict=True):
            cell = next(squares) if unit is not None else 0
            if raw.reason:
                yield Reject(raw.number, raw.line, raw.field, raw.reason)
                continue
            try:
                yield self._row(raw, (round(x, 7), round(y, 7)), cell, unit)
            except Wrong as wrong:
                yield Reject(raw.number, raw.line, wrong.column, str(wrong))

    def _places(self, raws: Sequence[Raw]) -> tuple[Any, Any, list[str | None]]:
        points = [_point(raw.values, self.lon, self.lat) for raw in raws]
        xs, ys = np.array(points, np.float64).reshape(-1, 2).T
        if self.rules.place.datum == "gcj02":
            xs, ys = to_wgs84(xs, ys)
        return xs, ys, list(units.locate_many(xs, ys).tolist())

    def _row(self, raw: Raw, point: tuple[float, float], cell: int, unit: str | None) -> Taken:
        value = raw.values
        key = self._key(value)
        if unit is None:
            outside = point[0] == point[0]
            raise Wrong(self.names[self.lon], "the place lies outside the city" if outside else "it has no place")
        kind = self._kind(value)
        given = self._text(value, "code")
        row = Row(
            code="", type=kind.code, name=self._text(value, "name")[:NAME], state=self._state(value), level=kind.level,
            responsible=self._organisation(value, "responsible", kind), owner=self._organisation(value, "owner", kind),
            maintainer=self._organisation(value, "maintainer", kind), accuracy=self._accuracy(value, kind),
            lon=point[0], lat=point[1], cell=cell, unit_code=unit, attributes=self._attributes(value, kind),
            installed=self._day(value, "installed"), surveyed=self._day(value, "surveyed"),
            source=self.rules.source.name, source_key=key, seen=0, batch=0, created=self.at, at=self.at,
        )  # fmt: skip
        row.seen = _seen(row, given)
        return Taken(raw.number, raw.line, row, self._prefix(unit, kind, given), given)

    def _key(self, value: Values) -> str:
        parts = [clean(value[index]).strip() for index in self.keys]
        key = "/".join(parts)
        if any(parts) and len(key) <= KEY:
            return key
        reason = f"its key is longer than {KEY} characters" if any(parts) else "it has no key"
        raise Wrong(self.rules.columns.keys[0], reason)

    def _text(self, value: Values, role: str) -> str:
        index = self.at_column.get(role, -1)
        return clean(value[index]).strip() if index >= 0 else ""

    def _kind(self, value: Values) -> Kind:
        text = self._text(value, "type")
        found = self._types.get(text)
        if found is None:
            code = self.rules.types.values.get(text, text)
            found = self.known.kinds.get(code) or self._default
            if found is None:
                raise Wrong(self.rules.columns.type or "type", f"there is no type of component {text[:40]!r}")
            self._types[text] = found
        return found

    def _state(self, value: Values) -> str:
        text, states = self._text(value, "state"), self.rules.states
        if not text and states.default:
            return states.default
        found: str | None = states.values.get(text) or WORDS.get(text) or (text if text in STATES else None)
        if found is None:
            raise Wrong(self.rules.columns.state or "state", f"the state {text[:40]!r} is none of the map's")
        return found

    def _organisation(self, value: Values, role: str, kind: Kind) -> int:
        text = self._text(value, role)
        if not text:
            default = self.called.get(kind.responsible.casefold(), 0) if role == "responsible" else 0
            return self.constant[role] or default
        found = self._whose.get(text)
        if found is None:
            found = self.called.get(self.rules.organisations.values.get(text, text).casefold(), 0)
            if not found and self.rules.organisations.unknown == "reject":
                column = getattr(self.rules.columns, role)
                raise Wrong(column, f"there is no organisation called {text[:60]!r}")
            self._whose[text] = found
        return found

    def _constant(self, role: str) -> int:
        key = getattr(self.rules.organisations, role)
        if key and key.casefold() not in self.called:
            raise Refusal(
                "orgs.key.unknown", "There is no organisation with the key {key}.", f"organisations.{role}", key=key
            )
        return self.called[key.casefold()] if key else 0

    def _accuracy(self, value: Values, kind: Kind) -> str:
        text = self._text(value, "accuracy") or kind.accuracy
        if text not in ACCURACIES:
            raise Wrong(self.rules.columns.accuracy, f"a position is of class {', '.join(ACCURACIES)}")
        return text

    def _day(self, value: Values, role: str) -> Any:
        text = self._text(value, role)
        try:
            return told.day(text, role) if text else None
        except Refusal as refusal:
            raise Wrong(getattr(self.rules.columns, role), str(refusal)) from None

    def _attributes(self, value: Values, kind: Kind) -> str:
        readers = self._readers.get(kind.code)
        if readers is None:
            readers = self._readers[kind.code] = self._readers_of(kind)
        found = {}
        for key, index, read in readers:
            kept = read(value[index] if index >= 0 else "")
            if kept is not None:
                found[key] = kept
        for one in kind.attributes.values():
            if one.required and one.key not in found:
                raise Wrong(self._column_of(one.key), f"{one.key} is needed")
        return encode(found).decode() if found else "{}"

    def _readers_of(self, kind: Kind) -> list[tuple[str, int, Callable[[str], Any]]]:
        found = []
        for key, one in self.rules.attributes.items():
            attribute = kind.attributes.get(key)
            if attribute is None:
                raise Refusal(
                    "components.attribute.unknown", "The type {type} has no attribute {key}.", f"attributes.{key}",
                    type=kind.code, key=key,
                )  # fmt: skip
            index = self.names.index(one.column) if one.column else -1
            found.append((key, index, _reader(attribute, one.values, one.empty, one.constant, self._column_of(key))))
        return found

    def _column_of(self, key: str) -> str:
        one = self.rules.attributes.get(key)
        return (one.column if one else "") or key

    def _prefix(self, unit: str, kind: Kind, given: str) -> str:
        identity: Identity = self.known.identity
        try:
            if given:
                prefix, _serial = identity.split(given)
                if not prefix.endswith(identity.numbers(kind.class_, kind.subclass)):
                    raise Wrong(self.rules.columns.code, f"this code is of another class than the type {kind.code}")
                return prefix
            known = self._prefixes.get((unit, kind.code))
            if known is None:
                known = identity.prefix(queries.division_of(unit), kind.class_, kind.subclass)
                self._prefixes[unit, kind.code] = known
            return known
        except Refusal as refusal:
            raise Wrong(self.rules.columns.code or "code", str(refusal)) from None


def _reader(
    attribute: Attribute, values: Mapping[str, str], empty: Sequence[str], constant: str, column: str
) -> Callable[[str], Any]:
    """Give what reads one attribute; values met before are remembered."""
    known: dict[str, Any] = {}

    def read(text: str) -> Any:
        if text in known:
            return known[text]
        plain = constant or text.strip()
        try:
            kept = None if plain in empty else told.value_of(attribute, values.get(plain, plain))
        except Refusal as refusal:
            raise Wrong(column, str(refusal)) from None
        if len(known) < REMEMBERED:
            known[text] = kept
        return kept

    return read


def _point(values: Values, lon: int, lat: int) -> tuple[float, float]:
    """Read a point as written; what is none is not a number."""
    try:
        x, y = float(values[lon]), float(values[lat])
    except (ValueError, IndexError):
        return np.nan, np.nan
    if not (-180 <= x <= 180 and -90 <= y <= 90) or x == y == 0:
        return np.nan, np.nan
    return x, y


def _seen(row: Row, given: str) -> int:
    """Give a digest of all that the source says, by which a row that says the same again is known."""
    parts = (
        given, row.type, row.name, row.state, str(row.responsible), str(row.owner), str(row.maintainer), row.accuracy,
        f"{row.lon:.7f}", f"{row.lat:.7f}", row.attributes, str(row.installed or ""), str(row.surveyed or ""),
    )  # fmt: skip
    digest = blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
