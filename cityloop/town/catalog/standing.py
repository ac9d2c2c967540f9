"""How the plates stand in this city: which are installed, which are on, and what switching one on would add."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cityloop.ground.kit import compare, shelf
from cityloop.ground.kit.compare import Difference
from cityloop.ground.kit.loader import PlateRefused
from cityloop.ground.kit.manifest import COUNTED, Manifest, Organisation
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.registry import plates as registered
from cityloop.ground.kit.stories import Story
from cityloop.town.catalog import drafts, queries
from cityloop.town.catalog.content import Content
from cityloop.town.orgs import queries as orgs


@dataclass(frozen=True, slots=True)
class Standing:
    """One plate. `manifest` is the plate as this city published it, where it is on; else as it is installed.

    `version` is the one published, "" where it is off; `installed` the one in its folder, "" where that is gone or
    cannot be read, as `broken` says then; `newer` is what taking the folder over would change. `catalogue` is the
    digest of the version all this was read in.
    """

    key: str
    catalogue: str
    manifest: Manifest | None
    stories: tuple[Story, ...] = ()
    version: str = ""
    installed: str = ""
    broken: str = ""
    newer: tuple[Difference, ...] = ()

    @property
    def on(self) -> bool:
        return bool(self.version)

    @property
    def counts(self) -> dict[str, int]:
        return self.manifest.counts() if self.manifest else dict.fromkeys(COUNTED, 0)


@dataclass(frozen=True, slots=True)
class Addition:
    """What switching a plate on would add: its matters, and organisations by whether their key is there."""

    matters: int
    new: tuple[Organisation, ...]
    there: tuple[Organisation, ...]


def everyone() -> list[Standing]:
    """Give every plate that is installed or on, by its key. At most one query."""
    now, folders = queries.published(), registered()
    return [_standing(key, now, folders) for key in sorted({plate.key for plate in now.plates} | folders.keys())]


def one(key: str) -> Standing:
    """Give one plate, with what is new in its folder; refuse a key that is neither installed nor on.

    At most one query; where the folder differs, one more and two for each version of the plate that was in force.
    """
    folders = registered()
    found = _standing(key, queries.published(), folders)
    if not found.on and key not in folders:
        raise Refusal("kit.plate.unknown", "There is no plate {name}.", "plate", name=key)
    return replace(found, newer=_newer(found, folders[key])) if found.on and found.installed else found


def addition(manifest: Manifest) -> Addition:
    """Tell what switching this plate on would add to the city as it is. One query."""
    known = orgs.directory()
    new = tuple(org for org in manifest.organisations if org.key not in known)
    there = tuple(org for org in manifest.organisations if org.key in known)
    return Addition(len(manifest.matters), new, there)


def _standing(key: str, now: Content, folders: Mapping[str, Path]) -> Standing:
    published = next((plate for plate in now.plates if plate.key == key), None)
    version = published.version if published else ""
    try:
        plate = shelf.taken(folders[key]) if key in folders else None
    except PlateRefused as refused:
        return Standing(key, now.digest, published, version=version, broken=str(refused))
    if plate is None:
        return Standing(key, now.digest, published, version=version)
    stories = tuple(told.story for told in plate.stories)
    return Standing(key, now.digest, published or plate.manifest, stories, version, plate.manifest.version)


def _newer(found: Standing, folder: Path) -> tuple[Difference, ...]:
    """Give what taking over a folder would change of what is in force, the city's own changes left as they are."""
    installed, now = shelf.taken(folder).manifest, queries.published()
    if found.manifest is None or not compare.plates(found.manifest, installed):
        return ()
    made = drafts.renewed(now, installed, queries.own_changes(found.key))
    return tuple(compare.plates(found.manifest, next(one for one in made.plates if one.key == found.key)))
