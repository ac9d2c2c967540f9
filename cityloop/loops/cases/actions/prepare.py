"""Turning what a person asked for into what the engine takes: codes to rows, words to digests."""

from collections.abc import Callable
from typing import Any

from cityloop.ground.codes import check_point, metres_between
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.remembered import Remembered
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.definition import Field, Transition
from cityloop.loops.cases import numbers
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.queries import cache_seconds
from cityloop.town.catalog import queries as catalog
from cityloop.town.files.models import File
from cityloop.town.orgs.queries import OrgRef, directory, revision
from cityloop.town.persons.actions import Draft, keep_words_many
from cityloop.town.units import queries as units

WORDS_LIMIT = 5_000
Data = dict[str, Any]


def _index() -> dict[Any, OrgRef]:
    found: dict[Any, OrgRef] = {}
    for ref in directory().values():
        found[ref.key] = found[ref.id] = found[str(ref.id)] = ref
    return found


organisations = Remembered(_index, revision, cache_seconds)


def prepare(book: Book, transition: Transition, data: Data) -> tuple[Data, Data]:
    """Give the public data of the step and its inner data (ids of words and photos)."""
    known = {k: v for k, v in data.items() if v not in (None, "")}
    for name in known:
        if name not in transition.action.fields and name not in ("request", "answer", "words", "milestones"):
            raise Refusal("loop.field.unknown", "There is no field {name} here.", field=name, name=name)
    public: Data = {}
    inner: Data = {}
    words: dict[str, str] = {}
    for name, value in known.items():
        field = transition.action.fields.get(name, Field(type="words"))
        if field.type == "words":
            words[name] = _words(name, value)
        elif field.type == "photos":
            _photos(book, value, public, inner)
        else:
            public[name] = CONVERT.get(field.type, _plain)(book, name, value)
    _proposals(book, transition, public)
    if words:
        _keep(book, transition.name, words, public, inner)
    return public, inner


def _words(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Refusal("cases.words", "{name} must be text.", field=name, name=name)
    text = clean(value).strip()
    if len(text) > WORDS_LIMIT:
        raise Refusal(
            "cases.words.long", "{name} is longer than {limit} characters.", field=name, name=name, limit=WORDS_LIMIT
        )
    return text


def _keep(book: Book, action: str, words: dict[str, str], public: Data, inner: Data) -> None:
    seq = book.snapshot.seq + 1
    drafts = [Draft(book.case.subject, f"{seq}:{action}:{name}"[:60], text) for name, text in words.items()]
    for name, kept in zip(words, keep_words_many(drafts), strict=True):
        public[name] = kept.digest
        inner[f"{name}_id"] = kept.id


def _photos(book: Book, value: Any, public: Data, inner: Data) -> None:
    wanted = [str(v) for v in (value if isinstance(value, list | tuple) else [value])]
    found = {str(f.uuid): f for f in File.objects.filter(uuid__in=wanted, subject=book.case.subject)}
    if len(found) != len(set(wanted)):
        raise Refusal("cases.photo.unknown", "A photo named here is not known.", field="photos")
    public["photos"] = [found[w].sha256 for w in wanted]
    inner["photos"] = wanted


def _plain(book: Book, name: str, value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value
    if not isinstance(value, str):
        raise Refusal("cases.field.type", "{name} has a wrong type.", field=name, name=name)
    return clean(value).strip()[:200]


def _integer(book: Book, name: str, value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Refusal("cases.field.number", "{name} must be a number.", field=name, name=name) from None


def _numbers(book: Book, name: str, value: Any) -> list[int]:
    values = value if isinstance(value, list | tuple) else str(value).split(",")
    return [_integer(book, name, v) for v in values]


def _case(book: Book, name: str, value: Any) -> int:
    given = isinstance(value, int) and not isinstance(value, bool)
    target = Case.objects.filter(pk=value if given else numbers.case_id(str(value))).first()
    if target is None or not (given or numbers.number(target) == str(value).strip().upper()):
        raise Refusal("cases.unknown", "There is no such case.", field=name)
    if book.scope is not None and not book.scope.allows(target.unit_code, target.level):
        raise Refusal("cases.unknown", "There is no such case.", field=name)
    return int(target.into_id or target.pk)


def organisation(name: str, value: Any) -> OrgRef:
    """Find an organisation by key or id; refuse one that is not known or closed."""
    found = organisations().get(value)
    if found is None or not found.active:
        raise Refusal(
            "orgs.key.unknown", "There is no organisation with the key {key}.", field=name, key=str(value)[:60]
        )
    return found


def _organisation(book: Book, name: str, value: Any) -> Data:
    if isinstance(value, dict) and "org" in value:
        return value
    found = organisation(name, value)
    return {"org": found.id, "org_path": found.actor_path}


def _parts(book: Book, name: str, value: Any) -> list[Data]:
    if not isinstance(value, list) or len(value) > 30:
        raise Refusal("cases.parts", "Give the parts as a list, the lead first.", field=name)
    return [_part(spec, number) for number, spec in enumerate(value)]


def _part(spec: Any, number: int) -> Data:
    if isinstance(spec, str | int):
        spec = {"organisation": spec}
    found = organisation("parts", spec.get("organisation"))
    part: Data = {
        "org": found.id,
        "org_path": found.actor_path,
        "role": spec.get("role") or ("assisting" if number else "lead"),
    }
    if found.kind == "public_group":
        part["holder"] = "public_group"
    for key in ("order", "task", "limit"):
        if spec.get(key):
            part[key] = int(spec[key]) if key == "order" else clean(str(spec[key]))[:200]
    return part


def unit_code(book: Book, name: str, value: Any) -> str:
    """Give the code to file under for a unit that is in force (an inner one's rest); refuse another."""
    return units.filing_code(None, None, units.unit_of(str(value), field=name).code)


def _matter(book: Book, name: str, value: Any) -> str:
    return catalog.current().matter(str(value)).code


def _place(book: Book, name: str, value: Any) -> Data:
    lon, lat = check_point(value["lon"], value["lat"]) if isinstance(value, dict) else check_point(*value)
    place = {"lon_e7": round(lon * 1e7), "lat_e7": round(lat * 1e7)}
    if book.case.lon is not None and book.case.lat is not None:
        place["away_m"] = round(float(metres_between(lon, lat, book.case.lon, book.case.lat)))
    return place


CONVERT: dict[str, Callable[[Book, str, Any], Any]] = {
    "case": _case,
    "instant": _integer,
    "matter": _matter,
    "organisation": _organisation,
    "part": _integer,
    "part_list": _numbers,
    "parts": _parts,
    "person": _integer,
    "place": _place,
    "request": _integer,
    "unit": unit_code,
    "children": lambda book, name, value: value,
}


def _proposals(book: Book, transition: Transition, data: Data) -> None:
    """Fill in what the catalogue says: limits at filing, the responsible organisations at dispatch."""
    if "fix" in transition.action.ops:
        fix(book, data)
    if "assign" in transition.action.ops and not data.get("parts"):
        data["parts"] = routed(book.snapshot.matter, book.snapshot.unit, book.snapshot.catalogue)


def fix(book: Book, data: Data) -> None:
    """Fill in at filing what the published catalogue says of the matter: limits, urgency, level, its digest."""
    data.setdefault("matter", book.snapshot.matter)
    data.setdefault("unit", book.snapshot.unit or book.case.unit_code)
    if not data["matter"]:
        raise Refusal("loop.field.missing", "Please fill in {name}.", field="matter", name="matter")
    now = catalog.current()
    entry = now.matter(data["matter"])
    data["milestones"] = [[str(n + 1), step.limit.text] for n, step in enumerate(entry.milestones)]
    data["urgent"], data["level"] = entry.urgent, entry.level
    data["catalogue"] = now.digest


def routed(matter: str, unit: str, digest: str = "") -> list[Data]:
    """Give the parts that the catalogue proposes: the lead first, then who assists."""
    version = catalog.catalog(digest) if digest else catalog.current()
    answer = version.route(matter, unit)
    if answer.lead is None:
        raise Refusal("cases.route.none", "No organisation answers for this here: choose one.", field="parts")
    parts: list[Data] = [{"org": answer.lead.id, "org_path": answer.lead.actor_path, "role": "lead"}]
    for helper in answer.assisting:
        parts.append(
            {
                "org": helper.org.id,
                "org_path": helper.org.actor_path,
                "role": "assisting",
                "order": helper.order,
                "task": helper.task.get("en", ""),
            }
        )
    return parts
