"""Reads of the catalogue. On the hot path there is no SQL: one cheap check at most once a second."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from cityloop.ground.kit.manifest import Manifest, Question, Responsibility
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.remembered import Remembered
from cityloop.town.calendar.queries import cache_seconds
from cityloop.town.catalog.compiled import Body, CompiledCatalog, read
from cityloop.town.catalog.models import CatalogVersion
from cityloop.town.orgs import queries as orgs
from cityloop.town.orgs.staffing import Finding, Need

_bodies: dict[str, Body] = {}


@dataclass(frozen=True, slots=True)
class _State:
    """The version published last, the organisations as they are, and what was compiled with them."""

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
        known = state.compiled[digest] = CompiledCatalog(_body(digest), state.directory)
    return known


def has_any() -> bool:
    """Tell whether a catalogue has been published."""
    return bool(_state().digest)


def questions(matter: str) -> Sequence[Question]:
    """Give what a matter asks of who reports it, nothing where none is chosen or known."""
    entry = current().matters.get(matter) if matter and has_any() else None
    return entry.questions if entry is not None else ()


class Content(NamedTuple):
    """What a version holds: the plates that are on, those switched off as they were, the city's own lines."""

    digest: str = ""
    plates: tuple[Manifest, ...] = ()
    resting: tuple[Manifest, ...] = ()
    lines: tuple[Responsibility, ...] = ()


def published() -> Content:
    """Give what the last catalogue holds, to publish it with changes. One query, after a change one more."""
    digest = _last()
    return _content(digest) if digest else Content()


@lru_cache(maxsize=2)
def _content(digest: str) -> Content:
    """Read a version; the digest stands for its content, so that it is read once in a process."""
    text = CatalogVersion.objects.filter(digest=digest).values_list("content", flat=True)[0]
    data = msgspec.json.decode(text)
    lines = tuple(Responsibility.model_validate(_line(rule)) for rule in data["rules"])
    return Content(digest, _manifests(data["plates"]), _manifests(data.get("resting", ())), lines)


def _manifests(plates: Iterable[dict[str, Any]]) -> tuple[Manifest, ...]:
    return tuple(
        Manifest.model_validate(
            {**{k: v for k, v in plate.items() if k != "rules"}, "responsibility": [_line(r) for r in plate["rules"]]}
        )
        for plate in plates
    )


def _line(rule: dict[str, Any]) -> dict[str, Any]:
    helpers = [{**a, "task": a["task"] or None} for a in rule["assisting"]]
    return {"matter": rule["matter"], "unit": rule["unit"], "lead": rule["lead"], "assisting": helpers}


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
    return _State(_last(), orgs.directory(), {})


def _last() -> str:
    return CatalogVersion.objects.order_by("-number").values_list("digest", flat=True).first() or ""


_state = Remembered(_load, lambda: (_last(), orgs.revision()), cache_seconds)


def _body(digest: str) -> Body:
    known = _bodies.get(digest)
    if known is None:
        row = CatalogVersion.objects.filter(digest=digest).order_by("number").first()
        if row is None:
            raise Refusal("catalog.digest.unknown", "There is no catalogue version with this digest.", "catalog")
        known = _bodies[digest] = read(digest, row.number, row.content)
    return known
