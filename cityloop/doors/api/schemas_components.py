"""The shapes of components at the JSON door."""

from typing import Any

from ninja import Schema
from pydantic import Field

from cityloop.doors.api.schemas import Names


class ComponentOut(Schema):
    """A component. Organisations are told by their keys, empty where none is known."""

    code: str = Field(description="Its identity code: 16 digits, given once.")
    type: str
    name: str
    state: str = Field(description="intact, damaged, lost or discarded.")
    accuracy: str = Field(description="The class of its position: A ±0.5 m, B ±1 m, C ±10 m.")
    lon: float
    lat: float
    unit: str
    attributes: dict[str, Any]
    responsible: str
    owner: str
    maintainer: str
    installed: str | None
    surveyed: str | None
    source: str
    updated: str
    href: str


class ComponentsPage(Schema):
    """A page of components."""

    items: list[ComponentOut]
    next: str | None


class AttributeOut(Schema):
    """Something recorded of each component of a type."""

    key: str
    names: Names
    type: str
    unit: str
    required: bool


class ComponentTypeOut(Schema):
    """A type of component, as its plate declares it."""

    code: str
    names: Names
    plate: str
    class_: str = Field(alias="class")
    subclass: str
    level: int
    responsible: str
    attributes: list[AttributeOut]
    matters: list[str] = Field(description="Patterns of the matters that may be wrong with it.")


class ComponentTypesPage(Schema):
    """All types."""

    items: list[ComponentTypeOut]
    next: str | None
