"""What is different between two states of a plate, or of a city's own lines: pure, part by part."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, NamedTuple

from cityloop.ground.kit.basics import Model
from cityloop.ground.kit.manifest import Manifest, Responsibility

Kind = Literal["added", "removed", "changed"]


def _line(one: Any) -> str:
    return f"{one.matter} {one.unit}".strip()


# Each part of a plate that is a list, in the order it is told, and what names a thing in it.
PARTS: dict[str, Callable[[Any], str]] = {
    "matters": lambda one: one.code,
    "responsibility": _line,
    "organisations": lambda one: one.key,
    "replies": lambda one: one.key,
    "components": lambda one: one.code,
    "observed": lambda one: one.key,
    "services": lambda one: one.key,
    "indicators": lambda one: one.key,
    "plans": lambda one: one.key,
    "datasets": lambda one: one.key,
    "roles": lambda one: f"{one.role} {one.organisation} {one.unit}".strip(),
    "classes": lambda one: f"{one.kind} {one.code}",
    "rule_functions": lambda one: one.name,
}
ALONE = ("version", "names", "about", "basis")


class Field(NamedTuple):
    """One field of a thing, as it was and as it is."""

    name: str
    old: Any
    new: Any


class Difference(NamedTuple):
    """One thing that is added, gone or changed. `names` say what it is called, where it has names."""

    part: str
    key: str
    kind: Kind
    names: dict[str, str]
    fields: tuple[Field, ...] = ()


def plates(old: Manifest, new: Manifest) -> list[Difference]:
    """Compare two states of a plate."""
    told = [Field(name, _plain(old, name), _plain(new, name)) for name in ALONE]
    itself = tuple(field for field in told if field.old != field.new)
    found = [Difference("plate", new.key, "changed", new.names, itself)] if itself else []
    return [*found, *(one for part in PARTS for one in _things(part, getattr(old, part), getattr(new, part)))]


def lines(old: Iterable[Responsibility], new: Iterable[Responsibility]) -> list[Difference]:
    """Compare a city's own lines of responsibility."""
    return list(_things("responsibility", old, new))


def _things(part: str, old: Iterable[Model], new: Iterable[Model]) -> Iterator[Difference]:
    name = PARTS[part]
    was, now = ({name(one): one for one in things} for things in (old, new))
    for key in sorted(was.keys() | now.keys()):
        before, after = was.get(key), now.get(key)
        called = getattr(after or before, "names", None) or {}
        if before is None or after is None:
            yield Difference(part, key, "added" if before is None else "removed", called)
        elif before != after:
            yield Difference(part, key, "changed", called, tuple(_fields(before, after)))


def _fields(old: Model, new: Model) -> Iterator[Field]:
    for name in type(new).model_fields:
        if getattr(old, name) != getattr(new, name):
            yield Field(name, _plain(old, name), _plain(new, name))


def _plain(one: Model, name: str) -> Any:
    return one.model_dump(mode="json", include={name})[name]
