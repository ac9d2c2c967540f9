"""What is different between two contents of the catalogue: plates that come and go, and what changes within them."""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from cityloop.ground.kit import compare
from cityloop.ground.kit.compare import Difference
from cityloop.town.catalog.content import Content


class Change(NamedTuple):
    """What becomes of one plate; key "" stands for the city's own lines."""

    key: str
    names: dict[str, str]
    kind: Literal["on", "off", "changed"]
    differences: tuple[Difference, ...] = ()


def between(old: Content, new: Content) -> list[Change]:
    """Compare two contents: first plates that come and go, then what changes, last the city's own lines."""
    was, now = ({plate.key: plate for plate in content.plates} for content in (old, new))
    come = [Change(key, now[key].names, "on") for key in sorted(now.keys() - was.keys())]
    gone = [Change(key, was[key].names, "off") for key in sorted(was.keys() - now.keys())]
    same = [(key, tuple(compare.plates(was[key], now[key]))) for key in sorted(was.keys() & now.keys())]
    changed = [Change(key, now[key].names, "changed", told) for key, told in same if told]
    lines = tuple(compare.lines(old.lines, new.lines))
    return [*come, *gone, *changed, *([Change("", {}, "changed", lines)] if lines else [])]


def plain(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """Give changes as plain values."""
    return [
        {"plate": one.key, "names": one.names, "kind": one.kind, "differences": each(one.differences)}
        for one in changes
    ]


def each(found: Iterable[Difference]) -> list[dict[str, Any]]:
    """Give differences as plain values."""
    return [
        {
            "part": one.part,
            "key": one.key,
            "kind": one.kind,
            "names": one.names,
            "fields": [{"name": name.rstrip("_"), "was": old, "now": new} for name, old, new in one.fields],
        }
        for one in found
    ]
