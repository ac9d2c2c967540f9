"""The only writer of the catalogue."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from cityloop.ground.kit.manifest import Manifest, Organisation, Responsibility, city_rules
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.routing import Rule, Table
from cityloop.ground.loop.actor import Actor
from cityloop.town.catalog import drafts, queries
from cityloop.town.catalog.beside import clashes
from cityloop.town.catalog.content import Content, digest_of, text_of
from cityloop.town.catalog.exchange import Reading, check, organisations
from cityloop.town.catalog.models import CatalogVersion
from cityloop.town.components.actions import setting as components
from cityloop.town.ledger.actions import record
from cityloop.town.orgs import actions as orgs_actions
from cityloop.town.orgs import queries as orgs


@transaction.atomic
def publish(*, plates: Sequence[Manifest], city: Sequence[Responsibility] = (), by: Actor, at: int) -> CatalogVersion:
    """Publish these plates' matters, with the city's own lines of responsibility, as the current catalogue.

    A plate's patterns speak of its own matters only; the city's speak of all. Default organisations that do not
    exist yet are created. Content equal to the current version is not published again. Refused: a matter code in
    two plates, two rules that say the same, a rule naming an unknown organisation.
    """
    orgs_actions.lock_tree()
    resting = drafts.left(queries.published(), plates)
    return publish_content(Content("", tuple(plates), resting, tuple(city)), by, at)


@transaction.atomic
def switch_on(*, plate: Manifest, on: str | None = None, by: Actor, at: int) -> CatalogVersion:
    """Publish the catalogue with one plate more: its matters, its lines by default, organisations that are missing.

    An organisation whose key is there is kept as it is, and so are the city's own lines. A plate that was on before in
    the same version comes back with what the city had changed of it. `on` is the digest of the version that somebody
    looked at; None: whichever is the last. Refused: a plate that is on.
    """
    made = drafts.with_plate(present(on), plate)
    return publish_content(made, by, at, "switched_on", plate=plate.key, plate_version=plate.version)


@transaction.atomic
def switch_off(*, plate: str, on: str | None = None, by: Actor, at: int) -> CatalogVersion:
    """Publish the catalogue with the plate of this key at rest; nothing is thrown away.

    Cases go on under the version they were filed under; organisations and the city's own lines stay, and what the city
    changed of the plate is kept for the day it is switched on again.
    """
    return publish_content(drafts.without_plate(present(on), plate), by, at, "switched_off", plate=plate)


@transaction.atomic
def change_matter(*, code: str, changes: Mapping[str, Any], on: str, by: Actor, at: int) -> CatalogVersion:
    """Publish the catalogue with one matter changed; cases filed before keep the version they were filed under.

    `changes` are fields of a matter as in its plate; `on` is the digest of the version the change was made on.
    """
    return publish_content(drafts.with_matter(present(on), code, changes), by, at)


@transaction.atomic
def put_line(
    *, matter: str, unit: str, lead: str, assisting: Sequence[str] = (), on: str, by: Actor, at: int
) -> CatalogVersion:
    """Publish the catalogue with a line of the city's own: who leads and assists for a matter (pattern) in a unit.

    It takes the place of the city's line for the same matter and unit, and wins over a plate's.
    """
    return publish_content(drafts.with_line(present(on), matter, unit, lead, assisting), by, at)


@transaction.atomic
def drop_line(*, matter: str, unit: str, on: str, by: Actor, at: int) -> CatalogVersion:
    """Publish the catalogue without a line of the city's own; the plate's rule holds again."""
    return publish_content(drafts.without_line(present(on), matter, unit), by, at)


@transaction.atomic
def renew(*, plate: Manifest, on: str | None = None, by: Actor, at: int) -> CatalogVersion:
    """Publish the catalogue with a newer state of a plate that is on, as its folder has it now.

    What the city changed of its matters, lines and replies since it took the plate over stays as the city has it.
    Refused: a plate that is off, or of which the folder has nothing new.
    """
    now = present(on)
    made = drafts.renewed(now, plate, queries.own_changes(plate.key))
    if text_of(made) == text_of(now):
        raise Refusal("catalog.plate.same", "There is nothing new of {plate} to take over.", "plate", plate=plate.key)
    return publish_content(made, by, at, "renewed", plate=plate.key, plate_version=plate.version)


@transaction.atomic
def take_in(*, reading: Reading, on: str | None = None, by: Actor, at: int) -> CatalogVersion:
    """Publish what a file holds in place of the catalogue; organisations that are missing are made.

    The file is checked whole before anything is written. Plates that it does not name are laid to rest.
    """
    now = present(on)
    check(reading, orgs.directory())
    _establish(organisations(reading.file), by, at)
    made, source = reading.content(now), reading.file.source
    return publish_content(made, by, at, "imported", file=reading.name, source=source.city, source_digest=source.digest)


def publish_content(made: Content, by: Actor, at: int, what: str = "published", **more: str) -> CatalogVersion:
    """Publish a content, inside the caller's transaction, after `present`; `more` stands on the ledger with it."""
    orgs_actions.lock_tree()
    made = drafts.remembering(queries.published(), made)
    plates = made.plates
    for clash in clashes(plates):
        raise clash
    rules = city_rules(made.lines)
    _establish([wanted for plate in plates for wanted in plate.organisations], by, at)
    _check_rules(plates, rules)
    components.establish(types=[(p.key, one) for p in plates for one in p.components], by=by, at=at)
    version, fresh = _append(text_of(made), at)
    if fresh:
        _record(version, plates, by, at, what, more)
    queries.forget()
    transaction.on_commit(queries.forget)
    return version


def present(on: str | None) -> Content:
    """Give what is published, if it is still what the change was made on; nobody else publishes until this is done."""
    orgs_actions.lock_tree()
    now = queries.published()
    if on not in (None, now.digest):
        raise Refusal("catalog.changed", "Somebody published a newer catalogue meanwhile. Look at it, then change it.")
    return now


def _check_rules(plates: Sequence[Manifest], city: Sequence[Rule]) -> None:
    known = orgs.directory()
    for plate in plates:
        unknown = sorted(Table([*plate.rules(), *city]).organisations() - known.keys())
        if unknown:
            raise Refusal(
                "catalog.organisation.unknown",
                "Add these organisations first, or correct the rules of {plate}: {keys}.",
                "responsibility",
                plate=plate.key,
                keys=", ".join(unknown),
            )


def _establish(organisations: Sequence[Organisation], by: Actor, at: int) -> None:
    """Create the organisations that are not there yet, parents first."""
    known = set(orgs.directory())
    waiting = [wanted for wanted in organisations if wanted.key not in known]
    while waiting:
        ready = [wanted for wanted in waiting if wanted.parent is None or wanted.parent in known]
        if not ready:
            keys = ", ".join(sorted({str(wanted.parent) for wanted in waiting}))
            raise Refusal("catalog.parent.unknown", "Add the parents {keys} first.", "organisations", keys=keys)
        for wanted in ready:
            if wanted.key not in known:
                _add(wanted, by, at)
                known.add(wanted.key)
        waiting = [wanted for wanted in waiting if wanted.key not in known]


def _add(wanted: Organisation, by: Actor, at: int) -> None:
    parent = orgs.organisation(wanted.parent) if wanted.parent else orgs.city()
    orgs_actions.add_organisation(key=wanted.key, names=wanted.names, kind=wanted.kind, parent=parent, by=by, at=at)


def _append(content: str, at: int) -> tuple[CatalogVersion, bool]:
    digest = digest_of(content)
    last = CatalogVersion.objects.order_by("-number").first()
    if last and last.digest == digest:
        return last, False
    number = last.number + 1 if last else 1
    return CatalogVersion.objects.create(number=number, digest=digest, content=content, published_at=at), True


def _record(
    version: CatalogVersion, plates: Sequence[Manifest], by: Actor, at: int, what: str, more: Mapping[str, str]
) -> None:
    data = {
        **more,
        "number": version.number,
        "digest": version.digest,
        "plates": {plate.key: plate.version for plate in plates},
    }
    record(subject=queries.SUBJECT, kind="catalog", what=what, by=by, at=at, data=data)
