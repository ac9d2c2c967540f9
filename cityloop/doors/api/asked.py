"""What a list is asked for in its address, read and checked."""

from typing import Annotated, Literal

from django.http import HttpRequest
from msgspec.structs import replace
from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from cityloop.doors.api.door import scope_of
from cityloop.doors.api.paging import MOST, USUAL
from cityloop.doors.api.schemas_in import Text
from cityloop.doors.api.times import instant
from cityloop.ground.codes.cells import box_of
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases.actions.prepare import organisations
from cityloop.loops.cases.listing import Box, Near
from cityloop.loops.cases.loop import present
from cityloop.loops.cases.queries import Wanted
from cityloop.loops.cases.search.asking import Looked, look_for
from cityloop.town.catalog.queries import current
from cityloop.town.units.queries import of_codes


def _digits(value: object) -> object:
    """An address holds text: take plain digits alone, not "1.0", " 1" or digits of other scripts."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) < 20):
        raise PydanticCustomError("int_digits", "is not a whole number")
    return value


def _flag(value: object) -> object:
    if value not in ("true", "false", True, False):
        raise PydanticCustomError("bool_word", "is true or false")
    return value in ("true", True)


Whole = Annotated[int, BeforeValidator(_digits)]
Flag = Annotated[bool, BeforeValidator(_flag)]


Kind = Literal["csv", "xlsx", "geojson"]  # of a file


class Asked(Schema):
    """What every list takes."""

    model_config = ConfigDict(extra="forbid")


class Paged(Asked):
    """A page: where it begins, how many it holds."""

    cursor: Text = Field("", max_length=400, description="Where the page before ended: from its `next`.")
    limit: Whole = Field(USUAL, ge=1, le=MOST)


class Filters(Asked):
    """What cases are looked for."""

    state: Text = Field("", max_length=24, description="A state of the loop.")
    open: Flag | None = Field(None, description="`true`: open cases alone; `false`: ended ones alone.")
    matter: Text = Field("", max_length=60)
    unit: Text = Field("", max_length=32, description="A unit and all below it.")
    org: Text = Field("", max_length=60, description="The key of an organisation that takes part.")
    overdue: Flag = Field(False)
    number: Text = Field("", max_length=40, description="A whole number, or its last digits.")
    q: Text = Field(
        "",
        max_length=120,
        examples=["fallen tree"],
        description="Words, a number, or the e-mail or phone of a reporter where a post may ask for it (on record).",
    )
    bbox: Text = Field(
        "", max_length=100, description="west,south,east,north in degrees.", examples=["10,50,10.2,50.1"]
    )
    since: Text = Field("", max_length=40, description="Cases with a step recorded since this real time.")


class CasesAsked(Filters, Paged):
    """A page of what cases are looked for."""


class MapAsked(Asked):
    """What a map is asked for: an area by unit or by box, the newest open cases in it."""

    unit: Text = Field("", max_length=32)
    bbox: Text = Field("", max_length=100, description="west,south,east,north in degrees.")
    state: Text = Field("", max_length=24)
    matter: Text = Field("", max_length=60)
    org: Text = Field("", max_length=60)
    overdue: Flag = Field(False)
    limit: Whole = Field(4000, ge=1, le=4000)


def wanted(asked: Filters | MapAsked, now: int) -> Wanted:
    """Give what a list of cases is asked for. No query within a second for the organisations."""
    still = getattr(asked, "open", None)
    return Wanted(
        state=asked.state,
        ended=None if still is None else not still,
        matter=asked.matter,
        unit=asked.unit,
        org=path_of(asked.org) if asked.org else "",
        overdue_at=now if asked.overdue else 0,
        number=getattr(asked, "number", ""),
    )


def looked_for(request: HttpRequest, asked: Filters, now: int) -> tuple[Wanted, Looked]:
    """Give what a list is asked for, its words read: one statement for words, two for a person, with that on record."""
    looked = look_for(scope_of(request), asked.q, now)
    found = wanted(asked, now)
    if looked.number or looked.persons:
        found = replace(found, number=looked.number or found.number, persons=looked.persons)
    return found, looked


def refuse_unknown(found: Wanted) -> None:
    """Where nothing was found: refuse the state, matter or unit that is none, so that a slip is not taken for calm."""
    if found.state and found.state not in present().source.states:
        raise Refusal("api.state", "There is no state {given!r}.", "state", given=found.state)
    if found.matter and found.matter not in current().matters:
        raise Refusal("api.matter", "Choose a matter from the catalogue.", "matter")
    if found.unit and not of_codes([found.unit]):
        raise Refusal("api.unit", "There is no unit with the code {given!r}.", "unit", given=found.unit)


def path_of(key: str) -> str:
    """Give an organisation's real path by its key; refuse an unknown one."""
    found = organisations().get(key)
    if found is None:
        raise Refusal("orgs.key.unknown", "There is no organisation with the key {key}.", "org", key=key)
    return str(found.path)


def near(bbox: str, since: str = "") -> Near:
    """Read the box and the time a list is narrowed by."""
    return Near(box=box(bbox) if bbox else None, since=instant(since, "since") if since else 0)


def box(text: str) -> Box:
    """Read `west,south,east,north` in degrees; refuse what is none, or lies the wrong way round."""
    found = box_of(text)
    if found is None:
        raise Refusal("api.bbox", "Give bbox as west,south,east,north in degrees, west and south first.", "bbox")
    return found
