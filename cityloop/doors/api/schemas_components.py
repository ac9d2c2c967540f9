"""The shapes of components at the JSON door."""

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, StrictBool, StrictFloat, StrictInt

from cityloop.doors.api.schemas import ChoiceOut, Names
from cityloop.doors.api.schemas_in import In, Text

Value = StrictBool | StrictInt | StrictFloat | Annotated[Text, Field(max_length=400)]


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


class ComponentChangeIn(In):
    """What is corrected of a component; what is left out stays. A null attribute is taken away.

    Organisations are keys, "" for none; who dispatches there or sets the city up says whose a component is.
    """

    name: Text | None = Field(None, max_length=120)
    state: Literal["intact", "damaged", "lost", "discarded"] | None = None
    accuracy: Literal["A", "B", "C"] | None = None
    lon: float | None = Field(None, ge=-180, le=180, description="With `lat`.")
    lat: float | None = Field(None, ge=-90, le=90, description="With `lon`.")
    attributes: dict[Text, Value | None] | None = Field(None, max_length=100)
    responsible: Text | None = Field(None, max_length=60)
    owner: Text | None = Field(None, max_length=60)
    maintainer: Text | None = Field(None, max_length=60)
    installed: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None


class ComponentIn(ComponentChangeIn):
    """A new component. It is given a code where it brings none; responsible by default is who its type says."""

    type: Text = Field(min_length=1, max_length=60, description="A code from /component-types.")
    code: Text = Field("", max_length=16)
    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)


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
    choices: list[ChoiceOut] = Field(description="The keys that a value may be, of the type `choice`.")


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
