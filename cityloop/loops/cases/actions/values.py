"""Reading one value of a field that came through a door: the right type, within bounds, or a refusal that names it."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from cityloop.ground.codes import check_point, metres_between
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.remembered import Remembered
from cityloop.ground.kit.words import clean
from cityloop.ground.worktime import parse_limit
from cityloop.loops.cases import numbers
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.queries import cache_seconds
from cityloop.town.catalog import queries as catalog
from cityloop.town.orgs.queries import OrgRef, directory, revision
from cityloop.town.units import queries as units

Data = dict[str, Any]
MOST_PHOTOS = 10
MOST_PARTS = 30
MOST_CHILDREN = 20
LONGEST = 3_660  # days a limit may span
LAST = 2**53 - 1
_DIGITS = re.compile(r"[0-9]{1,16}")
_PART_KEYS = frozenset({"organisation", "role", "order", "task", "limit", "holder"})


def _index() -> dict[Any, OrgRef]:
    found: dict[Any, OrgRef] = {}
    for ref in directory().values():
        found[ref.id] = found[str(ref.id)] = ref
        found[ref.key] = ref
    return found


organisations = Remembered(_index, revision, cache_seconds)


def wrong(name: str) -> Refusal:
    """Say that a value has a wrong type."""
    return Refusal("cases.field.type", "{name} has a wrong type.", field=name, name=name)


def text(name: str, value: Any, most: int = 200) -> str:
    """Read a short text; numbers are taken as they are written."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LAST:
        value = str(value)
    if not isinstance(value, str):
        raise wrong(name)
    return clean(value).strip()[:most]


def integer(name: str, value: Any) -> int:
    """Read a whole number from 0 to 2^53 - 1, also where a form sends its digits."""
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LAST:
        raise Refusal("cases.field.number", "{name} must be a number.", field=name, name=name)
    return value


def integers(name: str, value: Any) -> list[int]:
    """Read several numbers: a list, or digits with commas."""
    values = value if isinstance(value, list | tuple) else str(value)[:400].split(",")
    if len(values) > MOST_PARTS:
        raise wrong(name)
    return [integer(name, v) for v in values]


def limit(name: str, value: Any) -> str:
    """Read a limit such as `5 wd`, of ten years at the most."""
    found = parse_limit(text(name, value), name)
    days = found.amount / {"um": 1440, "uh": 24, "wh": 24}.get(found.unit, 1)
    if not 0 < days <= LONGEST:
        raise Refusal("cases.limit", "A limit lies between nothing and ten years.", field=name)
    return found.text


def photos(name: str, value: Any) -> list[str]:
    """Read the keys of photos."""
    values = value if isinstance(value, list | tuple) else [value]
    if len(values) > MOST_PHOTOS:
        raise Refusal("cases.photos.many", "Send at most 10 photos.", field=name)
    try:
        return [str(v) if isinstance(v, UUID) else str(UUID(v)) for v in values]
    except (ValueError, AttributeError, TypeError):
        raise Refusal("cases.photo.unknown", "A photo named here is not known.", field=name) from None


def case(book: Book, name: str, value: Any) -> int:
    """Read a case by its number or id; to who may not see it, it does not exist."""
    given = isinstance(value, int) and not isinstance(value, bool)
    key = integer(name, value) if given else numbers.case_id(text(name, value))
    target = Case.objects.filter(pk=key).first()
    if target is None or not (given or numbers.number(target) == str(value).strip().upper()):
        raise Refusal("cases.unknown", "There is no such case.", field=name)
    if book.scope is not None and not book.scope.allows(target.unit_code, target.level):
        raise Refusal("cases.unknown", "There is no such case.", field=name)
    return int(target.into_id or target.pk)


def organisation(name: str, value: Any) -> OrgRef:
    """Find an organisation by key or id; refuse one that is not known or closed."""
    key = text(name, value)
    found = organisations().get(key)
    if found is None or not found.active:
        raise Refusal("orgs.key.unknown", "There is no organisation with the key {key}.", field=name, key=key[:60])
    return found


def organisation_data(book: Book, name: str, value: Any) -> Data:
    """Read an organisation. Its path is ours to say: the separation law rests on it."""
    found = organisation(name, value)
    return {"org": found.id, "org_path": found.actor_path}


def parts(book: Book, name: str, value: Any) -> list[Data]:
    """Read parts, the lead first: keys of organisations, or tables of what each shall do."""
    if not isinstance(value, list) or len(value) > MOST_PARTS:
        raise Refusal("cases.parts", "Give the parts as a list, the lead first.", field=name)
    return [_part(book, name, spec, number) for number, spec in enumerate(value)]


def _part(book: Book, name: str, spec: Any, number: int) -> Data:
    if not isinstance(spec, dict):
        spec = {"organisation": spec}
    if not spec.keys() <= _PART_KEYS:
        raise Refusal("cases.parts", "Give the parts as a list, the lead first.", field=name)
    role = spec.get("role") or ("assisting" if number else "lead")
    holder = spec.get("holder")
    if role not in ("lead", "assisting") or (holder and holder not in book.definition.part_roles):
        raise Refusal("loop.field.choice", "{name} is not one of the choices.", field=name, name=name)
    part = {**organisation_data(book, name, spec.get("organisation")), "role": role}
    if spec.get("order"):
        part["order"] = min(integer(name, spec["order"]), 99)
    if spec.get("task"):
        part["task"] = text(name, spec["task"])
    if spec.get("limit"):
        part["limit"] = limit(name, spec["limit"])
    return {**part, "holder": holder} if holder else part


def unit_code(book: Book, name: str, value: Any) -> str:
    """Give the code to file under for a unit that is in force (an inner one's rest); refuse another."""
    return units.filing_code(None, None, units.unit_of(text(name, value), field=name).code)


def place(book: Book, name: str, value: Any) -> Data:
    """Read a point, and say how far it lies from the case's."""
    point = [value.get("lon"), value.get("lat")] if isinstance(value, dict) else value
    if not isinstance(point, list | tuple) or len(point) != 2 or any(type(v) not in (int, float) for v in point):
        raise wrong(name)
    lon, lat = check_point(*point)
    found = {"lon_e7": round(lon * 1e7), "lat_e7": round(lat * 1e7)}
    if book.case.lon is not None and book.case.lat is not None:
        found["away_m"] = round(float(metres_between(lon, lat, book.case.lon, book.case.lat)))
    return found


def children(book: Book, name: str, value: Any) -> list[Data]:
    """Read what a case is split into: a matter for each, and a unit where it is not the parent's."""
    if not isinstance(value, list) or not 2 <= len(value) <= MOST_CHILDREN:
        raise Refusal("cases.split", "Name 2 to {most} children.", field=name, most=MOST_CHILDREN)
    return [_child(book, name, spec) for spec in value]


def _child(book: Book, name: str, spec: Any) -> Data:
    if not isinstance(spec, dict) or not spec.get("matter") or not spec.keys() <= {"matter", "unit"}:
        raise Refusal("cases.split.child", "Each child needs a matter.", field=name)
    found = {"matter": catalog.current().matter(text(name, spec["matter"])).code}
    return {**found, "unit": unit_code(book, name, spec["unit"])} if spec.get("unit") else found


CONVERT: dict[str, Callable[[Book, str, Any], Any]] = {
    "case": case,
    "children": children,
    "instant": lambda book, name, value: integer(name, value),
    "limit": lambda book, name, value: limit(name, value),
    "matter": lambda book, name, value: catalog.current().matter(text(name, value)).code,
    "organisation": organisation_data,
    "part": lambda book, name, value: integer(name, value),
    "part_list": lambda book, name, value: integers(name, value),
    "parts": parts,
    "person": lambda book, name, value: integer(name, value),
    "place": place,
    "request": lambda book, name, value: integer(name, value),
    "unit": unit_code,
}


def convert(book: Book, kind: str, name: str, value: Any) -> Any:
    """Read a value of a field of this type."""
    found = CONVERT.get(kind)
    return found(book, name, value) if found else text(name, value)
