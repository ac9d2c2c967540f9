"""Components to test with: the small town with a plate of lamps, trees and cameras, and a lamp put somewhere."""

from typing import Any

from cityloop.ground.kit.things import ComponentType
from cityloop.town.catalog import actions as catalog
from cityloop.town.components.actions import keeping
from cityloop.town.components.models import Component, Square, Tally
from cityloop.town.components.rules import squares
from tests.loops.cases.smallville import AT, PLATE
from tests.town.staff import BY, both

LAMP = ComponentType.model_validate(
    {
        "code": "lamp", "class": "01", "subclass": "37", "names": both("Street lamp"), "responsible": "roads",
        "attributes": [
            {"key": "height", "names": both("Height"), "type": "number", "unit": "m"},
            {"key": "kind", "names": both("Kind"), "type": "choice",
             "choices": [{"key": "led", "names": both("LED")}, {"key": "gas", "names": both("Gas")}]},
            {"key": "lit", "names": both("Lit"), "type": "bool"},
            {"key": "note", "names": both("Note")},
            {"key": "since", "names": both("Since"), "type": "date"},
        ],
        "matters": ["hole"],
    }
)  # fmt: skip
TREE = ComponentType.model_validate(
    {
        "code": "street_tree", "class": "04", "subclass": "02", "names": both("Street tree"), "responsible": "parks",
        "accuracy": "C", "attributes": [{"key": "species", "names": both("Species"), "required": True}],
        "matters": ["tree"],
    }
)  # fmt: skip
CAMERA = ComponentType.model_validate(
    {
        "code": "camera", "class": "01", "subclass": "50", "names": both("Camera"), "responsible": "police", "level": 2,
    }
)  # fmt: skip
WITH_THINGS = PLATE.model_copy(update={"components": (LAMP, TREE, CAMERA)})
WEST, EAST = (10.05, 50.07), (10.15, 50.02)


def furnish() -> None:
    """Publish the town's plate with its components."""
    catalog.publish(plates=[WITH_THINGS], by=BY, at=AT)


def put(type: str = "lamp", place: tuple[float, float] = WEST, **more: Any) -> Component:
    """Put a component somewhere."""
    if type == "street_tree":
        more.setdefault("attributes", {"species": "oak"})
    return keeping.add(type=type, lon=place[0], lat=place[1], by=BY, at=AT, **more)


def counted() -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Give what is kept counted, without zeros."""
    kept = {(s.zoom, s.square, s.type): (s.number, s.lon, s.lat) for s in Square.objects.all()}
    tallies = {(t.unit_code, t.type, t.state): t.number for t in Tally.objects.all()}
    return {k: v for k, v in kept.items() if any(v)}, {k: v for k, v in tallies.items() if v}


def recounted() -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Count all components anew."""
    kept: dict[Any, Any] = {}
    tallies: dict[Any, Any] = {}
    for one in Component.objects.all():
        key = (one.unit_code, one.type, one.state)
        tallies[key] = tallies.get(key, 0) + 1
        if one.state == "discarded":
            continue
        for zoom in squares.KEPT:
            place = (zoom, one.cell >> squares.shift_of(zoom), one.type)
            n, x, y = kept.get(place, (0, 0, 0))
            kept[place] = (n + 1, x + round(one.lon * 1e6), y + round(one.lat * 1e6))
    return kept, tallies
