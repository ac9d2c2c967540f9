"""A content with something changed, before anybody publishes it: pure, so that it can be compared and tried."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from cityloop.ground.kit import shape
from cityloop.ground.kit.compare import PARTS, Difference
from cityloop.ground.kit.manifest import Manifest, Matter, Responsibility
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.catalog.content import HELD, Content


def with_plate(now: Content, plate: Manifest) -> Content:
    """Put a plate on. One that was on before in the same version comes back with what the city had changed of it."""
    if any(one.key == plate.key for one in now.plates):
        raise Refusal("catalog.plate.on", "{plate} is switched on already.", "plate", plate=plate.key)
    before = (old for old in now.resting if (old.key, old.version) == (plate.key, plate.version))
    kept = next(before, plate).model_copy(update={name: getattr(plate, name) for name in HELD})
    return _with_plates(now, [*now.plates, kept])


def without_plate(now: Content, key: str) -> Content:
    """Lay a plate to rest; the city's own lines stay, and so does what the city changed of it."""
    kept = [one for one in now.plates if one.key != key]
    if len(kept) == len(now.plates):
        raise Refusal("catalog.plate.off", "{plate} is not switched on.", "plate", plate=key)
    return _with_plates(now, kept)


# Where of a plate a city changes things.
CHANGED = ("matters", "responsibility", "replies")


def renewed(now: Content, plate: Manifest, own: Iterable[Difference]) -> Content:
    """Put a newer state of a plate in the place of the one that is on; `own` is what the city changed of it: it stays.

    A thing that the city added stays too; one that the newer plate no longer has goes.
    """
    ours = next((one for one in now.plates if one.key == plate.key), None)
    if ours is None:
        raise Refusal("catalog.plate.off", "{plate} is not switched on.", "plate", plate=plate.key)
    changed = list(own)
    made = plate.model_copy(update={part: _merged(part, ours, plate, changed) for part in CHANGED})
    return now._replace(digest="", plates=tuple(made if one.key == plate.key else one for one in now.plates))


def _merged(part: str, ours: Manifest, new: Manifest, own: Iterable[Difference]) -> tuple[Any, ...]:
    """Give each thing as the plate has it now, field by field as the city has it where the city changed it."""
    name = PARTS[part]
    has, comes = ({name(one): one for one in getattr(plate, part)} for plate in (ours, new))
    for difference in own:
        here, there = has.get(difference.key), comes.get(difference.key)
        if difference.part != part or here is None:
            continue
        if there is not None:
            kept = {field.name: getattr(here, field.name) for field in difference.fields}
            comes[difference.key] = there.model_copy(update=kept)
        elif difference.kind == "added":
            comes[difference.key] = here
    return tuple(comes.values())


def with_matter(now: Content, code: str, changes: Mapping[str, Any]) -> Content:
    """Change fields of one matter, as in its plate."""
    owner = next((plate for plate in now.plates if any(m.code == code for m in plate.matters)), None)
    if owner is None:
        raise Refusal("catalog.matter.unknown", "Choose a matter from the catalogue.", "matter")
    old = next(m for m in owner.matters if m.code == code)
    made = _valid(Matter, {**old.model_dump(mode="json", by_alias=True), **changes})
    matters = tuple(made if m.code == code else m for m in owner.matters)
    changed = owner.model_copy(update={"matters": matters})
    return now._replace(digest="", plates=tuple(changed if p.key == owner.key else p for p in now.plates))


def with_line(now: Content, matter: str, unit: str, lead: str, assisting: Sequence[str] = ()) -> Content:
    """Add a line of the city's own, in place of its line for the same matter and unit."""
    helpers = [{"organisation": key, "order": number} for number, key in enumerate(assisting, 1)]
    made = _valid(Responsibility, {"matter": matter, "unit": unit, "lead": lead, "assisting": helpers})
    kept = [line for line in now.lines if (line.matter, line.unit) != (made.matter, made.unit)]
    return now._replace(digest="", lines=(*kept, made))


def without_line(now: Content, matter: str, unit: str) -> Content:
    """Take away a line of the city's own; the plate's rule holds again."""
    kept = [line for line in now.lines if (line.matter, line.unit) != (matter, unit)]
    if len(kept) == len(now.lines):
        raise Refusal("catalog.line.unknown", "The city has no such line of its own.", "matter")
    return now._replace(digest="", lines=tuple(kept))


class Followed(NamedTuple):
    """Lines after a reform of units: which were touched, and which gave way to another of the same matter and unit."""

    lines: tuple[Responsibility, ...]
    touched: list[Responsibility]
    out: list[Responsibility]


def following(now: Content, became: Callable[[str], Sequence[str]]) -> tuple[Content, Followed]:
    """Let all lines, the city's own and those of plates, name the units that theirs became; tell of all together."""
    own, touched, out = _followed(now.lines, became)
    found: dict[str, tuple[Manifest, ...]] = {}
    for part in ("plates", "resting"):
        made = [(plate, _followed(plate.responsibility, became)) for plate in getattr(now, part)]
        found[part] = tuple(plate.model_copy(update={"responsibility": one.lines}) for plate, one in made)
        touched += [line for _plate, one in made for line in one.touched]
        out += [line for _plate, one in made for line in one.out]
    return now._replace(digest="", lines=own, **found), Followed(own, touched, out)


def _followed(lines: Iterable[Responsibility], became: Callable[[str], Sequence[str]]) -> Followed:
    listed = sorted(lines, key=lambda line: line.unit)
    touched = [line for line in listed if line.unit and tuple(became(line.unit)) != (line.unit,)]
    kept = {(line.matter, line.unit): line for line in listed if line not in touched}
    out: list[Responsibility] = []
    for line in touched:
        for unit in became(line.unit):
            made = line.model_copy(update={"unit": unit})
            if kept.setdefault((line.matter, unit), made) != made:
                out.append(line)
    return Followed(tuple(kept.values()), touched, out)


def _with_plates(now: Content, plates: Sequence[Manifest]) -> Content:
    return now._replace(digest="", plates=tuple(plates), resting=left(now, plates))


def left(now: Content, plates: Sequence[Manifest]) -> tuple[Manifest, ...]:
    """Give the plates at rest beside these: those that were, and those that are left out."""
    keys = {plate.key for plate in plates}
    return tuple(plate for plate in (*now.plates, *now.resting) if plate.key not in keys)


def remembering(now: Content, made: Content) -> Content:
    """Keep what a change would make forgotten: matters that no plate has any more, as they were last.

    Their cases are still there, and are to be called by name, their places told as exactly as ever and no more.
    """
    there = {matter.code for plate in (*made.plates, *made.resting) for matter in plate.matters}
    found: dict[str, Manifest] = {}
    for plate in (*made.withdrawn, *now.withdrawn, *now.resting, *now.plates):
        gone = [matter for matter in plate.matters if matter.code not in there]
        if gone:
            before = found.get(plate.key)
            kept = {m.code: m for m in (*(before.matters if before else ()), *gone)}
            found[plate.key] = Manifest(
                key=plate.key, version=plate.version, names=plate.names, matters=tuple(kept.values())
            )
    return made._replace(withdrawn=tuple(found.values()))


M = TypeVar("M", bound=BaseModel)


def _valid(kind: type[M], data: dict[str, Any]) -> M:
    """Read data as a part of a manifest; the first thing wrong is a refusal at its field."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise shape.refused(error, "catalog.value") from error
