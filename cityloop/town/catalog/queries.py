"""Reads of the catalogue. On the hot path there is no SQL: one cheap check at most once a second."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from cityloop.ground.kit import compare
from cityloop.ground.kit.compare import Difference
from cityloop.ground.kit.manifest import Question, city_rules
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.remembered import Remembered
from cityloop.ground.kit.routing import Rule
from cityloop.town.calendar.queries import cache_seconds
from cityloop.town.catalog import content
from cityloop.town.catalog.compiled import Body, CompiledCatalog, read
from cityloop.town.catalog.content import Content
from cityloop.town.catalog.models import CatalogVersion
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import queries as orgs
from cityloop.town.orgs.staffing import Finding, Need

SUBJECT = "catalog"
_bodies: dict[str, Body] = {}


@dataclass(frozen=True, slots=True)
class _State:
    """The version published last, the organisations as they are, and what was compiled with them."""

    number: int
    digest: str
    directory: dict[str, orgs.OrgRef]
    compiled: dict[str, CompiledCatalog]


def current() -> CompiledCatalog:
    """Give the catalogue published last; refuse where there is none.

    No query within a second of the last one, else two; a change costs two more.
    """
    digest = _state().digest
    if not digest:
        raise Refusal("catalog.none", "Publish a catalogue first: no matter is known yet.")
    return catalog(digest)


def catalog(digest: str) -> CompiledCatalog:
    """Give the version of this digest, as a case pins it, with organisations as they are now."""
    state = _state()
    known = state.compiled.get(digest)
    if known is None:
        body = _body(digest)
        if digest == state.digest:  # what was published before and is again has the number it has now
            body = msgspec.structs.replace(body, number=state.number)
        known = state.compiled[digest] = CompiledCatalog(body, state.directory)
    return known


def has_any() -> bool:
    """Tell whether a catalogue has been published."""
    return bool(_state().digest)


def questions(matter: str) -> Sequence[Question]:
    """Give what a matter asks of who reports it, nothing where none is chosen or known."""
    entry = current().matters.get(matter) if matter and has_any() else None
    return entry.questions if entry is not None else ()


def published() -> Content:
    """Give what the last catalogue holds, to publish it with changes. One query, after a change one more."""
    digest = _last()
    return _content(digest) if digest else Content()


def altered() -> list[str]:
    """Name the versions whose content does not give their digest, or that were never published. Two queries."""
    told = Step.objects.filter(subject=SUBJECT).values_list("data", flat=True)
    known = {json.loads(data).get("digest") for data in told}
    rows = CatalogVersion.objects.order_by("number").values_list("number", "digest", "content")
    return [
        f"catalogue:{number}"
        for number, digest, text in rows
        if content.digest_of(text) != digest or digest not in known
    ]


@lru_cache(maxsize=4)
def _content(digest: str) -> Content:
    """Read a version; the digest stands for its content, so that it is read once in a process."""
    text = CatalogVersion.objects.filter(digest=digest).values_list("content", flat=True)[0]
    return content.read(digest, text)


def own_changes(key: str) -> list[Difference]:
    """Give what the city changed of a plate since it was switched on, whichever of its versions was in force then.

    One query, and one for each content that is not in memory: two for each version of the plate.
    """
    found: list[Difference] = []
    for first, last in _runs(key):
        was, now = (next((p for p in content_of(digest).plates if p.key == key), None) for digest in (first, last))
        found += compare.plates(was, now) if was and now else []
    return found


def _runs(key: str) -> list[tuple[str, str]]:
    """Give the first and the last digest that each version of a plate was in force with, back to its coming."""
    runs: dict[str, tuple[str, str]] = {}
    before = ""
    for told in Step.objects.filter(subject=SUBJECT).order_by("seq").values_list("data", "what"):
        step, what = msgspec.json.decode(told[0]), told[1]
        version = step["plates"].get(key, "")
        if not version:
            continue
        if what == "switched_on" and step.get("plate") == key and version != before:
            runs.clear()
        runs[version] = (runs.get(version, (step["digest"],))[0], step["digest"])
        before = version
    return list(runs.values())


def lines_at(fits: Callable[[str], bool]) -> list[Rule]:
    """Give the lines of responsibility that name a unit whose code fits, plates' and the city's own."""
    if not has_any():
        return []
    now = published()
    rules = [*(rule for plate in now.plates for rule in plate.rules()), *city_rules(now.lines)]
    return sorted((rule for rule in rules if rule.unit and fits(rule.unit)), key=lambda rule: (rule.unit, rule.matter))


def content_of(digest: str) -> Content:
    """Give what the version of this digest holds. One query, none where it was read a moment ago."""
    return _content(digest)


def draft(made: Content) -> CompiledCatalog:
    """Compile a content that nobody has published, with organisations as they would be."""
    directory = dict(_state().directory)
    for plate in made.plates:
        for one in plate.organisations:
            directory.setdefault(one.key, orgs.OrgRef(0, one.key, "", "", one.names, True, one.kind))
    return CompiledCatalog(read("", 0, content.text_of(made)), directory)


def versions() -> list[tuple[int, str, int]]:
    """Give number, digest and time of all versions, the newest first. One query."""
    return list(CatalogVersion.objects.order_by("-number").values_list("number", "digest", "published_at"))


def last_digest() -> str:
    """Give the digest of the version published last, straight from the database; "" where there is none. One query."""
    return _last()


def missing(units: Iterable[str], at: int) -> list[Finding]:
    """Find each matter × unit that lacks an eligible person, or has only one, for `cityloop check`."""
    now = current()
    needs = [Need(entry.code, entry.level) for entry in now.matters.values()]
    return orgs.missing(needs, units, at=at, lead=now.lead_path, splits=now.prefixes())


def forget() -> None:
    """Ask the database again at the next question: after a publication, and between tests."""
    _state.forget()


def _load() -> _State:
    return _State(*_newest(), orgs.directory(), {})


def _newest() -> tuple[int, str]:
    return CatalogVersion.objects.order_by("-number").values_list("number", "digest").first() or (0, "")


def _last() -> str:
    return _newest()[1]


_state = Remembered(_load, lambda: (_newest(), orgs.revision()), cache_seconds)


def _body(digest: str) -> Body:
    known = _bodies.get(digest)
    if known is None:
        row = CatalogVersion.objects.filter(digest=digest).order_by("number").first()
        if row is None:
            raise Refusal("catalog.digest.unknown", "There is no catalogue version with this digest.", "catalog")
        known = _bodies[digest] = read(digest, row.number, row.content)
    return known
