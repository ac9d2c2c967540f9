"""Shapes of the catalogue as a file, of what a change makes different, and of trying one on past cases."""

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, StrictBool

from cityloop.doors.api.schemas import Names
from cityloop.doors.api.schemas_in import In, Text
from cityloop.doors.api.schemas_settings import Day, Key, LineIn, MatterIn

TomlText = Annotated[Text, Field(min_length=1, max_length=3_000_000, description="The TOML file, whole.")]


class FieldOut(Schema):
    """A field of a thing, as it was and as it is."""

    name: str
    was: Any
    now: Any


class DifferenceOut(Schema):
    """One thing of a plate, or one line, that is added, removed or changed."""

    part: str
    key: str
    kind: Literal["added", "removed", "changed"]
    names: Names
    fields: list[FieldOut]


class PlateChangeOut(Schema):
    """What becomes of a plate; "" stands for the city's own lines."""

    plate: str
    names: Names
    kind: Literal["on", "off", "changed"]
    differences: list[DifferenceOut]


class FileIn(In):
    """A catalogue to take in. `preview`: say what would change, and change nothing."""

    text: TomlText
    name: Text = Field("catalogue.toml", min_length=1, max_length=100)
    preview: StrictBool = False


class FileTakenOut(Schema):
    """What a file changes: organisations that are made, plates laid to rest, units that the city does not have.

    `digest` and `version` are of the catalogue in force afterwards; `content` is the digest of the file by itself.
    """

    preview: bool
    version: int
    digest: str
    content: str
    changes: list[PlateChangeOut]
    organisations: list[str]
    rests: list[str]
    unplaced: list[str]


class TryMatterIn(MatterIn):
    """A matter by its code, with what is changed of it."""

    code: Key


class TryLineIn(LineIn):
    """A line of the city's own for a matter."""

    matter: Key


class TryPlateIn(In):
    """A plate switched on or off, or taken over anew from its folder."""

    key: Key
    do: Literal["on", "off", "renew"]


class TrialIn(In):
    """A change to try: exactly one of a file, a matter, a line, a plate; on cases of these days of the city."""

    file: TomlText | None = None
    matter: TryMatterIn | None = None
    line: TryLineIn | None = None
    plate: TryPlateIn | None = None
    since: Day | None = None
    until: Day | None = None


class WhoOut(Schema):
    """Organisations by their keys; nobody leads where a dispatcher chooses."""

    lead: str | None
    assisting: list[str]


class RowOut(Schema):
    """Cases of a matter."""

    matter: str
    names: Names
    cases: int


class RoutedOut(RowOut):
    """Cases that would have gone to somebody else."""

    was: WhoOut
    now: WhoOut


class TimedOut(RowOut):
    """Cases that would have had other limits; so many due sooner, so many later."""

    was: list[str]
    now: list[str]
    sooner: int
    later: int


class TrialOut(Schema):
    """What a change would have meant. Nothing is written. `examples` are cases that the key may see."""

    since: str
    until: str
    cases: int
    unknown: int
    same: bool
    routed: list[RoutedOut]
    timed: list[TimedOut]
    gone: list[RowOut]
    new: list[RowOut]
    examples: list[str]
