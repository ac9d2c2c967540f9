"""The only writer of the catalogue."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from django.db import transaction
from pydantic import BaseModel, ValidationError

from cityloop.ground.kit import shape
from cityloop.ground.kit.manifest import Manifest, Matter, Organisation, Responsibility, city_rules
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.routing import Rule, Table
from cityloop.ground.loop.actor import Actor
from cityloop.town.catalog import queries
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
    return _publish(plates, city, by, at)


@transaction.atomic
def switch_on(*, plate: Manifest, on: str | None = None, by: Actor, at: int) -> CatalogVersion:
    """Publish the catalogue with one plate more: its matters, its lines by default, organisations that are missing.

    An organisation whose key is there is kept as it is, and so are the city's own lines. A plate that was on before in
    the same version comes back with what the city had changed of it. `on` is the digest of the version that somebody
    looked at; None: whichever is the last. Refused: a plate that is on.
    """
    now = _present(on)
    if any(one.key == plate.key for one in now.plates):
        raise Refusal("catalog.plate.on", "{plate} is switched on already.", "plate", plate=plate.key)
    before = (old for old in now.resting if (old.key, old.version) == (plate.key, plate.version))
    fresh = {"organisations": plate.organisations, "components": plate.components}
    kept = next(before, plate).model_copy(update=fresh)
    return _publish([*now.plates, kept], now.lines, by, at, "switched_on", plate=plate.key, plate_version=plate.version)


@transaction.atomic
def switch_off(*, plate: str, on: str | None = None, by: Actor, at: int) -> CatalogVersion:
    """Publish the catalogue with the plate of this key at rest; nothing is thrown away.

    Cases go on under the version they were filed under; organisations and the city's own lines stay, and what the city
    changed of the plate is kept for the day it is switched on again.
    """
    now = _present(on)
    kept = [one for one in now.plates if one.key != plate]
    if len(kept) == len(now.plates):
        raise Refusal("catalog.plate.off", "{plate} is not switched on.", "plate", plate=plate)
    return _publish(kept, now.lines, by, at, "switched_off", plate=plate)


@transaction.atomic
def change_matter(*, code: str, changes: Mapping[str, Any], on: str, by: Actor, at: int) -> CatalogVersion:
    """Publish the catalogue with one matter changed; cases filed before keep the version they were filed under.

    `changes` are fields of a matter as in its plate; `on` is the digest of the version the change was made on.
    """
    now = _present(on)
    owner = next((plate for plate in now.plates if any(m.code == code for m in plate.matters)), None)
    if owner is None:
        raise Refusal("catalog.matter.unknown", "Choose a matter from the catalogue.", "matter")
    old = next(m for m in owner.matters if m.code == code)
    made = _valid(Matter, {**old.model_dump(mode="json", by_alias=True), **changes})
    matters = tuple(made if m.code == code else m for m in owner.matters)
    changed = [p.model_copy(update={"matters": matters}) if p.key == owner.key else p for p in now.plates]
    return publish(plates=changed, city=now.lines, by=by, at=at)


@transaction.atomic
def put_line(
    *, matter: str, unit: str, lead: str, assisting: Sequence[str] = (), on: str, by: Actor, at: int
) -> CatalogVersion:
    """Publish the catalogue with a line of the city's own: who leads and assists for a matter (pattern) in a unit.

    It takes the place of the city's line for the same matter and unit, and wins over a plate's.
    """
    now = _present(on)
    helpers = [{"organisation": key, "order": number} for number, key in enumerate(assisting, 1)]
    made = _valid(Responsibility, {"matter": matter, "unit": unit, "lead": lead, "assisting": helpers})
    kept = [line for line in now.lines if (line.matter, line.unit) != (made.matter, made.unit)]
    return publish(plates=now.plates, city=[*kept, made], by=by, at=at)


@transaction.atomic
def drop_line(*, matter: str, unit: str, on: str, by: Actor, at: int) -> CatalogVersion:
    """Publish the catalogue without a line of the city's own; the plate's rule holds again."""
    now = _present(on)
    kept = [line for line in now.lines if (line.matter, line.unit) != (matter, unit)]
    if len(kept) == len(now.lines):
        raise Refusal("catalog.line.unknown", "The city has no such line of its own.", "matter")
    return publish(plates=now.plates, city=kept, by=by, at=at)


def _publish(
    plates: Sequence[Manifest], city: Sequence[Responsibility], by: Actor, at: int, what: str = "published", **more: str
) -> CatalogVersion:
    orgs_actions.lock_tree()
    _check_matters(plates)
    rules = city_rules(city)
    _establish(plates, by, at)
    _check_rules(plates, rules)
    components.establish(types=[(p.key, one) for p in plates for one in p.components], by=by, at=at)
    version, fresh = _append(_canonical(plates, rules, _left(plates)), at)
    if fresh:
        _record(version, plates, by, at, what, more)
    queries.forget()
    transaction.on_commit(queries.forget)
    return version


def _left(plates: Sequence[Manifest]) -> list[Manifest]:
    """Give the plates at rest after a publication: those that were, and those that it leaves out."""
    keys, before = {plate.key for plate in plates}, queries.published()
    return [plate for plate in (*before.plates, *before.resting) if plate.key not in keys]


def _present(on: str | None) -> queries.Content:
    """Give what is published, if it is still what the change was made on; nobody else publishes until this is done."""
    orgs_actions.lock_tree()
    now = queries.published()
    if on not in (None, now.digest):
        raise Refusal("catalog.changed", "Somebody published a newer catalogue meanwhile. Look at it, then change it.")
    return now


M = TypeVar("M", bound=BaseModel)


def _valid(kind: type[M], data: dict[str, Any]) -> M:
    """Read data as a part of a manifest; the first thing wrong is a refusal at its field."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise shape.refused(error, "catalog.value") from error


def _check_matters(plates: Sequence[Manifest]) -> None:
    owners: dict[str, str] = {}
    for plate in plates:
        for matter in plate.matters:
            other = owners.setdefault(matter.code, plate.key)
            if other != plate.key:
                raise Refusal(
                    "catalog.matter.twice",
                    "Matter {matter} stands in the plates {one} and {other}; keep one.",
                    "matters",
                    matter=matter.code,
                    one=other,
                    other=plate.key,
                )


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


def _establish(plates: Sequence[Manifest], by: Actor, at: int) -> None:
    """Create the plates' default organisations that are not there yet, parents first."""
    waiting = [wanted for plate in plates for wanted in plate.organisations]
    known = set(orgs.directory())
    waiting = [wanted for wanted in waiting if wanted.key not in known]
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


def _canonical(plates: Iterable[Manifest], city: Sequence[Rule], resting: Iterable[Manifest]) -> str:
    """Give the same text for the same meaning: keys sorted, plates, matters and rules in order of their codes."""
    content = {"plates": _plates(plates), "rules": _rules(city)}
    if kept := _plates(resting):  # a city that switched nothing off keeps the digests it always had
        content["resting"] = kept
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plates(plates: Iterable[Manifest]) -> list[dict[str, Any]]:
    return [_plate(plate) for plate in sorted(plates, key=lambda p: p.key)]


def _plate(plate: Manifest) -> dict[str, Any]:
    matters = sorted(plate.matters, key=lambda matter: matter.code)
    content = {
        "key": plate.key,
        "version": plate.version,
        "names": plate.names,
        "matters": [matter.model_dump(mode="json", by_alias=True) for matter in matters],
        "rules": _rules(plate.rules()),
    }
    if plate.replies:  # a plate without any keeps the digest it always had
        content["replies"] = [reply.model_dump(mode="json", by_alias=True) for reply in plate.replies]
    return content


def _rules(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(rule) for rule in sorted(rules, key=lambda rule: (rule.matter, rule.unit))]


def _append(content: str, at: int) -> tuple[CatalogVersion, bool]:
    digest = hashlib.sha256(content.encode()).hexdigest()
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
    record(subject="catalog", kind="catalog", what=what, by=by, at=at, data=data)
