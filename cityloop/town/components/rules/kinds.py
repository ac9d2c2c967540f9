"""A type of component as published, ready to be asked."""

from collections.abc import Mapping
from typing import Any

import msgspec

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.routing import Rule
from cityloop.ground.kit.things import Attribute, ComponentType


class Kind(msgspec.Struct, frozen=True):
    """A type. `responsible` is the key of the organisation by default; `matters` are patterns of what may be wrong."""

    code: str
    plate: str
    class_: str
    subclass: str
    names: dict[str, str]
    level: int
    responsible: str
    accuracy: str
    attributes: dict[str, Attribute]
    matters: tuple[str, ...]

    def fits(self, matter: str) -> bool:
        """Tell whether a matter may be wrong with such a component."""
        return any(Rule(pattern, "", "").matches(matter, "") for pattern in self.matters)


def kind_of(plate: str, declared: Mapping[str, Any]) -> Kind:
    """Read a type from what its plate declares."""
    one = ComponentType.model_validate(declared)
    return Kind(
        code=one.code,
        plate=plate,
        class_=one.class_,
        subclass=one.subclass,
        names=one.names,
        level=one.level,
        responsible=one.responsible,
        accuracy=one.accuracy,
        attributes={attribute.key: attribute for attribute in one.attributes},
        matters=one.matters,
    )


def in_two_plates(code: str, one: str, other: str) -> Refusal:
    """Say that a type stands in two plates: which of the two its things are of, nobody could tell."""
    return Refusal(
        "components.type.twice", "The type {type} stands in the plates {one} and {other}; keep one.", "components",
        type=code, one=one, other=other,
    )  # fmt: skip
