"""Reads of the catalogue. On the hot path there is no SQL: one cheap check at most once a second."""

import time
from collections.abc import Iterable, Mapping

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.catalog.compiled import Body, CompiledCatalog, read
from cityloop.town.catalog.models import CatalogVersion
from cityloop.town.orgs import queries as orgs
from cityloop.town.orgs.staffing import Finding, Need

CHECK_EVERY = 1.0

_bodies: dict[str, Body] = {}
_seen: tuple[float, str, int, Mapping[str, orgs.OrgRef]] | None = None
_compiled: dict[str, CompiledCatalog] = {}


def current() -> CompiledCatalog:
    """Give the catalogue published last; refuse where there is none. No query within a second of the last one,
    else two; loading a new version costs one more.
    """
    _, digest, *_ = _look()
    if not digest:
        raise Refusal("catalog.none", "Publish a catalogue first: no matter is known yet.")
    return catalog(digest)


def catalog(digest: str) -> CompiledCatalog:
    """Give the version of this digest, as a case pins it, with organisations as they are now."""
    directory = _look()[3]
    known = _compiled.get(digest)
    if known is None:
        known = _compiled[digest] = CompiledCatalog(_body(digest), directory)
    return known


def versions() -> list[tuple[int, str, int]]:
    """Give number, digest and time of all versions, the newest first. One query."""
    return list(CatalogVersion.objects.order_by("-number").values_list("number", "digest", "published_at"))


def missing(units: Iterable[str], at: int) -> list[Finding]:
    """Find each matter × unit that lacks an eligible person, or has only one, for `cityloop check`."""
    now = current()
    needs = [Need(entry.code, entry.level) for entry in now.matters.values()]
    return orgs.missing(needs, units, at=at, lead=now.lead_path, splits=now.prefixes())


def forget() -> None:
    """Ask the database again at the next question: after a publication, and between tests."""
    global _seen
    _seen = None


def _look() -> tuple[float, str, int, Mapping[str, orgs.OrgRef]]:
    global _seen
    now = time.monotonic()
    if _seen is not None and now - _seen[0] < CHECK_EVERY:
        return _seen
    digest = CatalogVersion.objects.order_by("-number").values_list("digest", flat=True).first() or ""
    revision = orgs.revision()
    fresh = _seen is None or _seen[2] != revision
    directory = orgs.directory() if fresh or _seen is None else _seen[3]
    if fresh:
        _compiled.clear()
    _seen = (now, digest, revision, directory)
    return _seen


def _body(digest: str) -> Body:
    known = _bodies.get(digest)
    if known is None:
        row = CatalogVersion.objects.filter(digest=digest).order_by("number").first()
        if row is None:
            raise Refusal("catalog.digest.unknown", "There is no catalogue version with this digest.", "catalog")
        known = _bodies[digest] = read(digest, row.number, row.content)
    return known
