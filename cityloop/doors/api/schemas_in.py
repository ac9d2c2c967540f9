"""What goes into the JSON door: the shapes its document shows."""

from typing import Annotated, Any

from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field, StrictBool, WithJsonSchema
from pydantic_core import PydanticCustomError


def _no_nul(value: Any) -> Any:
    if isinstance(value, str) and "\0" in value:
        raise PydanticCustomError("nul", "holds a NUL character")
    return value


Text = Annotated[str, BeforeValidator(_no_nul)]


def _plain(value: Any) -> Any:
    """Read an answer as a form would send it: numbers, true and false are text there."""
    if isinstance(value, list):
        return [one if isinstance(one, list) else _plain(one) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Answer = Annotated[Text, Field(max_length=2000)]
ONE = {"anyOf": [{"type": "string", "maxLength": 2000}, {"type": "number"}, {"type": "boolean"}]}
Answers = Annotated[
    Answer | list[Answer],
    BeforeValidator(_plain),
    WithJsonSchema({"anyOf": [*ONE["anyOf"], {"type": "array", "items": ONE}]}),
]


class In(Schema):
    """What is sent in; a field nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")


class ReportIn(In):
    """A report. At least one of place, words. A place is a point (`lon` and `lat`), a `unit` or an `address`."""

    words: str = Field("", max_length=5000, examples=["A tree lies across the road."])
    matter: str = Field("", max_length=60, description="A code from /matters; leave it out where it is not known.")
    unit: str = Field("", max_length=32, description="A code from /units.")
    lon: float | None = Field(None, description="Degrees east, WGS 84.")
    lat: float | None = Field(None, description="Degrees north, WGS 84.")
    address: str = Field("", max_length=200)
    language: str = Field("en", max_length=10, description="In which language the reporter is answered.")
    name: str = Field("", max_length=100)
    phone: str = Field("", max_length=40)
    email: str = Field("", max_length=254)
    component: Text = Field(
        "", max_length=16, description="The component it is about, by its identity code: its place."
    )
    answers: dict[str, Answers] = Field(
        {}, max_length=60, description="Answers to the questions of the matter by their keys; a list to choose several."
    )


class ActionIn(In):
    """An action on a case. `expected` is the `seq` its sender saw; `post` one of /me, if not the first that may."""

    data: dict[str, Any] = Field({}, description="The fields that the offer's schema describes.")
    expected: int | None = Field(None, ge=0, lt=2**31)
    post: int | None = Field(None, ge=0, lt=2**63)


class BulkIn(In):
    """One action on several cases, each answered by itself."""

    numbers: list[Annotated[Text, Field(max_length=40)]] = Field(min_length=1, max_length=100)
    data: dict[str, Any] = {}
    post: int | None = Field(None, ge=0, lt=2**63)
    preview: StrictBool = Field(False, description="Say what would become of it, and do nothing.")
