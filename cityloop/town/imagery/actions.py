"""The only writer of the register: layers come in, change and go, each on the ledger."""

import os
import shutil
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import msgspec
from django.db import transaction

from cityloop.ground.codes.tiles import Box
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.imagery import pictures, queries, rules
from cityloop.town.imagery.models import COG, KINDS, Layer
from cityloop.town.ledger.actions import record
from cityloop.town.units import queries as units

KIND = "imagery"
ZOOMS = (0, 19)


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a layer. Edges default to the city's own; a GeoTIFF says its edges and zooms itself."""

    names: Mapping[str, str]
    kind: str
    address: str
    taken_from: date
    taken_to: date
    attribution: str = ""
    licence: str = ""
    box: Box | None = None
    shallowest: int | None = None
    deepest: int | None = None
    public: bool = False
    level: int = 0


@transaction.atomic
def register(*, key: str, about: About, new: bool = False, by: Actor, at: int) -> Layer:
    """Register a layer, or change what is said of it; `new` refuses a key that is taken."""
    rules.key(key)
    known = Layer.objects.filter(key=key).first()
    if new and known is not None and known.active:
        raise Refusal("imagery.key.taken", "There is a layer with this key already.", "key")
    said = {**_checked(about, at), "active": True, "at": at, "revised": real_now()}
    one, made = Layer.objects.update_or_create(key=key, defaults=said)
    what = "added" if made or (known is not None and not known.active) else "changed"
    record(subject=one.subject, kind=KIND, what=what, by=by, at=at, data=_told(one))
    queries.forget()
    return one


@transaction.atomic
def remove(*, key: str, by: Actor, at: int) -> None:
    """Take a layer out of the register; a file of our own stays where it lies."""
    one = queries.one(key)
    Layer.objects.filter(pk=one.pk).update(active=False, at=at, revised=real_now())
    record(subject=one.subject, kind=KIND, what="removed", by=by, at=at, data={"key": key})
    queries.forget()


def take_in(*, file: Path, key: str, link: bool = False) -> str:
    """Check a GeoTIFF and put it into the folder of imagery under a layer's key; give its name there."""
    pictures.examine(file)
    queries.folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    place = queries.path_of(f"{rules.key(key)}.tif")
    if not place.is_symlink() and place == file.resolve():
        return place.name
    new = place.with_name(f".{place.name}.new")
    new.unlink(missing_ok=True)
    if link:
        new.symlink_to(file.resolve())
    else:
        shutil.copyfile(file, new)
    os.replace(new, place)
    return place.name


def _checked(about: About, at: int) -> dict[str, object]:
    """Read what is said, each wrong thing refused by its field."""
    names = rules.names({lang: clean(words) for lang, words in about.names.items()})
    if about.kind not in KINDS:
        raise Refusal("imagery.kind", "A layer is one of: {kinds}.", "kind", kinds=", ".join(KINDS))
    taken = rules.taken(about.taken_from, about.taken_to, _day(at))
    level = rules.level(about.public, about.level)
    if about.kind == COG:
        path = queries.path_of(about.address)
        known = pictures.examine(path)
        address, box, zooms = about.address, rules.box(known.box), (known.shallowest, known.deepest)
    else:
        address = rules.template(about.address)
        box = rules.box(about.box if about.box is not None else _city())
        given = zip((about.shallowest, about.deepest), ZOOMS, strict=True)
        low, high = (usual if wanted is None else wanted for wanted, usual in given)
        zooms = rules.zooms(low, high)
    return {
        "names": names, "kind": about.kind, "address": address, "taken_from": taken[0], "taken_to": taken[1],
        "attribution": clean(about.attribution).strip()[:200], "licence": clean(about.licence).strip()[:500],
        "west": box[0], "south": box[1], "east": box[2], "north": box[3],
        "shallowest": zooms[0], "deepest": zooms[1], "public": about.public, "level": level,
    }  # fmt: skip


def _day(at: int) -> date:
    """Give the city's day in which an instant lies."""
    return datetime.fromtimestamp(at / 1_000_000, city_clock.zone).date()


def _city() -> Box:
    """Give the edges of the city."""
    units.city()  # refuses where there is none
    west, south, east, north = units.geometry_of([units.root().code]).bounds
    return west, south, east, north


def _told(one: Layer) -> dict[str, object]:
    """Give what the ledger keeps: whose tiles it shows to whom; an address may hold a key, its host does not."""
    host = "" if one.kind == COG else rules.origin(one.address)
    return {
        "key": one.key, "kind": one.kind, "host": host, "taken": [str(one.taken_from), str(one.taken_to)],
        "public": one.public, "level": one.level,
    }  # fmt: skip
