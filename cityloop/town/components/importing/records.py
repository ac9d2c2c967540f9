"""From rows to components: what a row says, read and judged; a row that cannot be taken says which field and why."""

from collections.abc import Callable, Collection, Sequence
from hashlib import blake2b
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from cityloop.ground.codes import cells
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.things import Attribute
from cityloop.ground.kit.words import clean
from cityloop.town.components import queries
from cityloop.town.components.actions.keeping import NAME
from cityloop.town.components.actions.writing import Row, encode
from cityloop.town.components.importing.mapping import WORDS, AttributeMap, ComponentsMap
from cityloop.town.components.rules import attributes as told
from cityloop.town.components.rules.identity import Identity
from cityloop.town.components.rules.kinds import Kind
from cityloop.town.components.rules.words import ACCURACIES, ROLES, STATES
from cityloop.town.tabular.rejects import Reject
from cityloop.town.tabular.source import SourceMap
from cityloop.town.tabular.tables import Raw
from cityloop.town.units import queries as units
from cityloop.town.units.rules.gcj02 import to_wgs84

KEY = 120
OUTSIDE = "the place lies outside the city"
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


class Set(NamedTuple):
    """What the columns of few values say together, read once for each combination."""

    kind: Kind
    state: str
    accuracy: str
    responsible: int
    owner: int
    maintainer: int


FEW = ("type", "state", "accuracy", *ROLES)


class Reader:
    """Turns raw rows into components, a chunk at a time. Asks the database nothing once it is made."""

    def __init__(self, rules: ComponentsMap, at: int) -> None:
        self.rules, self.at = rules, at
        self.known, self.locator = queries.known(), units.locator()
        self.names = list(rules.wanted())
        self.column = {role: self.names.index(name) for role, name in rules.columns if name and role != "key"}
        self.keys = [self.names.index(name) for name in rules.columns.keys]
        self.lon, self.lat = (self.names.index(name) for name in rules.point)
        self.called = queries.organisations()
        self.constant = {role: self._constant(role) for role in ROLES}
        self.few = [self.column[role] for role in FEW if role in self.column]
        self.map = blake2b(_meaning(rules).encode(), digest_size=16).digest()
        self._sets: dict[Values, Set] = {}
        self._days: dict[tuple[str, str], Any] = {}
        self._prefixes: dict[tuple[str, str], str] = {}
        self._attributes: dict[str, Callable[[Values], str]] = {}
        self._divisions = queries.Divisions(self.known)
        self._default = queries.kind(rules.types.default, "types.default") if rules.types.default else None
        for code in set(rules.types.values.values()):
            queries.kind(code, "types.values")
        # A type's own code in the column needs no entry in the map: then any type may come.
        self._known_attributes(self.known.kinds if rules.columns.type else [rules.types.default or ""])

    @property
    def numbers(self) -> set[str]:
        """Give the columns that hold numbers: the place, and attributes that are numbers of any type."""
        declared = (kind.attributes for kind in self.known.kinds.values())
        keys = {key for known in declared for key, one in known.items() if one.type == "number"}
        return {*self.rules.point, *(one.column for key, one in self.rules.attributes.items() if key in keys)}

    def read(self, raws: Sequence[Raw]) -> list[Taken | Reject]:
        """Give a component or a reject for each row, in order."""
        xs, ys = self._places(raws)
        units_ = self.locator.locate_many(xs, ys)
        inside = units_ != None  # noqa: E711 - for each of them
        squares = np.zeros(len(raws), np.int64)
        squares[inside] = cells(xs[inside], ys[inside])
        places = zip(xs.round(7).tolist(), ys.round(7).tolist(), squares.tolist(), units_.tolist(), strict=True)
        return [self._taken(raw, place) for raw, place in zip(raws, places, strict=True)]

    def _places(self, raws: Sequence[Raw]) -> tuple[Any, Any]:
        points = [_point(raw.values, self.lon, self.lat) for raw in raws]
        xs, ys = np.array(points, np.float64).reshape(-1, 2).T
        return to_wgs84(xs, ys) if self.rules.place.datum == "gcj02" else (xs, ys)

    def _taken(self, raw: Raw, place: tuple[float, float, int, str | None]) -> Taken | Reject:
        if raw.reason:
            return Reject(raw.number, raw.line, raw.field, raw.reason)
        try:
            return self._row(raw, *place)
        except Wrong as wrong:
            return Reject(raw.number, raw.line, wrong.column, str(wrong))

    def _row(self, raw: Raw, lon: float, lat: float, cell: int, unit: str | None) -> Taken:
        value, key = raw.values, self._key(raw.values)
        if unit is None:
            raise self._placeless(value) if lon != lon else Wrong(self.names[self.lon], OUTSIDE)
        few = tuple([value[index] for index in self.few])
        said = self._sets.get(few) or self._set(few, value)
        kind, given = said.kind, self._text(value, "code")
        attributes = self._attributes.get(kind.code) or self._attributes_of(kind)
        row = Row(
            "", kind.code, self._text(value, "name")[:NAME], said.state, kind.level, said.responsible, said.owner,
            said.maintainer, said.accuracy, lon, lat, cell, unit, attributes(value), self._day(value, "installed"),
            self._day(value, "surveyed"), self.rules.source.name, key, self._seen(value), 0, self.at, self.at,
        )  # fmt: skip
        return Taken(raw.number, raw.line, row, self._prefix(unit, kind, given), given)

    def _placeless(self, value: Values) -> Wrong:
        """Say why what stands in a row is no place at all."""
        said = [(index, value[index].strip()) for index in (self.lon, self.lat)]
        for index, text in said:
            if text and not _is_number(text):
                hint = '; say decimal = "," in [source]' if _is_number(text.replace(",", ".")) else ""
                return Wrong(self.names[index], f"{text[:40]!r} is no number of degrees{hint}")
        (_, x), (_, y) = said
        if not (x and y) or float(x) == float(y) == 0:
            return Wrong(self.names[self.lon if not x or y else self.lat], "it has no place")
        if abs(float(y)) > 90 >= abs(float(x)) and abs(float(y)) <= 180:
            return Wrong(self.names[self.lon], "longitude and latitude seem to be swapped")
        return Wrong(self.names[self.lon], f"{x[:20]}, {y[:20]} are no degrees of longitude and latitude")

    def _key(self, value: Values) -> str:
        parts = [clean(value[index]).strip() for index in self.keys] if value else []
        key = "/".join(parts)
        if any(parts) and len(key) <= KEY:
            return key
        reason = f"its key is longer than {KEY} characters" if any(parts) else "it has no key"
        raise Wrong(self.rules.columns.keys[0], reason)

    def _text(self, value: Values, role: str) -> str:
        index = self.column.get(role)
        return "" if index is None else clean(value[index]).strip()

    def _seen(self, value: Values) -> int:
        """Give a digest of all that the source says, and of the map it is read by: so a row is known again."""
        said = "\x1f".join(value).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(said, digest_size=8, key=self.map).digest(), "big", signed=True)

    # --- columns of few values

    def _set(self, few: Values, value: Values) -> Set:
        kind = self._kind(value)
        whose = (self._organisation(value, role, kind) for role in ROLES)
        found = Set(kind, self._state(value), self._accuracy(value, kind), *whose)
        if len(self._sets) < REMEMBERED:
            self._sets[few] = found
        return found

    def _kind(self, value: Values) -> Kind:
        text = self._text(value, "type")
        found = self.known.kinds.get(self.rules.types.values.get(text, text)) or self._default
        if found is None:
            raise Wrong(self.rules.columns.type or "type", f"there is no type of component {text[:40]!r}")
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
        found = self.called.get(self.rules.organisations.values.get(text, text).casefold(), 0)
        if not found and self.rules.organisations.unknown == "reject":
            raise Wrong(getattr(self.rules.columns, role), f"there is no organisation called {text[:60]!r}")
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

    # --- columns of many

    def _day(self, value: Values, role: str) -> Any:
        text = self._text(value, role)
        if not text:
            return None
        found = self._days.get((role, text))
        if found is None:
            try:
                found = told.day(text, role)
            except Refusal as refusal:
                raise Wrong(getattr(self.rules.columns, role), str(refusal)) from None
            if len(self._days) < REMEMBERED:
                self._days[role, text] = found
        return found

    def _attributes_of(self, kind: Kind) -> Callable[[Values], str]:
        """Give what reads all attributes of a type, as JSON; combinations met before are remembered."""
        readers, known = self._readers_of(kind), dict[Values, str]()
        columns = [index for _key, index, _read in readers if index >= 0]
        needed = [one.key for one in kind.attributes.values() if one.required]

        def read(value: Values) -> str:
            texts = tuple([value[index] for index in columns])
            text = known.get(texts)
            if text is None:
                kept = {key: one(value[index] if index >= 0 else "") for key, index, one in readers}
                found = {key: one for key, one in kept.items() if one is not None}
                for key in needed:
                    if key not in found:
                        raise Wrong(self._column_of(key), f"{key} is needed")
                text = encode(found).decode()
                if len(known) < REMEMBERED:
                    known[texts] = text
            return text

        self._attributes[kind.code] = read
        return read

    def _readers_of(self, kind: Kind) -> list[tuple[str, int, Callable[[str], Any]]]:
        found = []
        for key, one in self.rules.attributes.items():
            attribute = kind.attributes.get(key)
            if attribute is None:
                continue  # another type's of the same file
            index = self.names.index(one.column) if one.column else -1
            found.append((key, index, _reader(attribute, one, self._column_of(key))))
        return found

    def _known_attributes(self, types: Collection[str]) -> None:
        """Refuse an attribute that none of the file's types has."""
        for key in self.rules.attributes:
            if not any(key in self.known.kinds[code].attributes for code in types if code in self.known.kinds):
                raise Refusal(
                    "components.attribute.unknown", "No type of this file has the attribute {key}.",
                    f"attributes.{key}", key=key,
                )  # fmt: skip

    def _column_of(self, key: str) -> str:
        one = self.rules.attributes.get(key)
        return (one.column if one else "") or key

    def _prefix(self, unit: str, kind: Kind, given: str) -> str:
        known = None if given else self._prefixes.get((unit, kind.code))
        if known is not None:
            return known
        identity: Identity = self.known.identity
        try:
            if given:
                prefix, _serial = identity.split(given)
                if not prefix.endswith(identity.numbers(kind.class_, kind.subclass)):
                    raise Wrong(self.rules.columns.code, f"this code is of another class than the type {kind.code}")
                return prefix
            found = identity.prefix(self._divisions.of(unit), kind.class_, kind.subclass)
        except Refusal as refusal:
            raise Wrong(self.rules.columns.code or "code", str(refusal)) from None
        self._prefixes[unit, kind.code] = found
        return found


def _meaning(rules: ComponentsMap) -> str:
    """Give what a map makes of a row, whatever file brings it: the same rows from another spreadsheet say the same."""
    plain = rules.model_copy(update={"source": SourceMap(name=rules.source.name)})
    later = {key: {"default"} for key, one in rules.attributes.items() if not one.default}
    return plain.model_dump_json(exclude={"source": {"decimal"}, "attributes": later})  # digests stay as they are


def _reader(attribute: Attribute, rules: AttributeMap, column: str) -> Callable[[str], Any]:
    """Give what reads one attribute; values met before are remembered."""
    known: dict[str, Any] = {}

    def read(text: str) -> Any:
        if text in known:
            return known[text]
        plain = rules.constant or text.strip()
        if not plain or plain in rules.empty:
            plain = rules.default
        try:
            kept = told.value_of(attribute, rules.values.get(plain, plain))
        except Refusal as refusal:
            raise Wrong(column, str(refusal)) from None
        if len(known) < REMEMBERED:
            known[text] = kept
        return kept

    return read


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _point(values: Values, lon: int, lat: int) -> tuple[float, float]:
    """Read a point as written; what is none is not a number."""
    try:
        x, y = float(values[lon]), float(values[lat])
    except (ValueError, IndexError):
        return np.nan, np.nan
    if not (-180 <= x <= 180 and -90 <= y <= 90) or x == y == 0:
        return np.nan, np.nan
    return x, y
