"""The import map: what the columns of a city's file mean, as one page of TOML. Its JSON Schema is in the reference."""

from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.worktime import parse_limit
from cityloop.town.tabular.source import Key, Part, PointMap, SourceMap, columns_of, read_as

Prefix = Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9_.-]{0,19})?$")]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}") from None
    return name


def _limit(text: str) -> str:
    try:
        return parse_limit(text).text
    except Refusal as refusal:
        raise ValueError(str(refusal)) from None


Zone = Annotated[str, AfterValidator(_zone)]
Limit = Annotated[str, AfterValidator(_limit)]


class TimeMap(Part):
    """[time]: how the file writes time, and in which zone."""

    zone: Zone = Field(description="The IANA zone of times that name none, such as 'America/New_York'.")
    formats: tuple[str, ...] = Field(
        ("iso",), description="Tried in order: 'iso', 'epoch_s', 'epoch_ms', or strptime formats such as '%m/%d/%Y'."
    )
    precision: Literal["second", "day"] = Field("second", description="'day' where the file knows dates only.")
    midnight: Literal["instant", "day"] = Field(
        "instant", description="'day' where exactly 00:00:00 stands for a date without a time."
    )
    ambiguous: Literal["earlier", "later", "reject"] = Field(
        "earlier", description="Which of the two a local time means that occurs twice in autumn."
    )
    nonexistent: Literal["later", "earlier", "reject"] = Field(
        "later", description="Whether a local time skipped in spring is moved on or back by the hour."
    )


class ColumnsMap(Part):
    """[columns]: which column holds what. Only `key` and `created` must be there."""

    key: str = Field(description="The request's own number at the source; a row without one is rejected.")
    created: str = Field(description="When it came in, from 1970 to 2199; a row without a readable time is rejected.")
    closed: str = Field("", description="When it was closed, from 1900 to 2199; empty while it is open.")
    due: str = Field("", description="When the source wanted it done; kept beside the case, never a clock of ours.")
    status: str = Field("", description="The source's own word for how it stands; kept as it is.")
    matter: str = Field("", description="The kind of request; see [matters].")
    agency: str = Field("", description="Who is responsible at the source; see [agencies].")
    channel: str = Field("", description="How it came in.")
    address: str = ""
    words: tuple[str, ...] = Field(
        (),
        description="What was said, such as ['subject', 'body']: each column's text in a paragraph of its own, kept "
        "encrypted like a resident's own words and shown to the posts that see the case. Taken when the case is new; a "
        "row with more than 20,000 characters is rejected.",
    )

    def single(self) -> dict[str, str]:
        """Give the column of each key that names one."""
        return {role: name for role, name in self if isinstance(name, str) and name}


class AreaMap(Part):
    """[[place.areas]]: a column that names an area: a unit of `level`, or an area of the reference layer `layer`."""

    column: str
    level: str = Field("", description="The name of the level whose units the column names.")
    layer: str = Field("", description="The key of the reference layer whose areas the column names.")
    ignore: tuple[str, ...] = Field((), description="Values that name no area, such as 'Unspecified'.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.level) == bool(self.layer):
            raise ValueError("give either level or layer")
        return self


class PlaceMap(PointMap):
    """[place]: coordinates first; else the first area that is known, in the order given; else `unplaced`."""

    areas: tuple[AreaMap, ...] = ()


class MattersMap(Part):
    """[matters]: the file's kinds of request → codes of the catalogue."""

    unknown: Literal["add", "none", "reject"] = Field(
        "add",
        description="What the catalogue does not know: 'add' publishes a plate with a matter for each such value, "
        "'none' takes the rows without a matter, 'reject' rejects them.",
    )
    plate: Key | None = Field(None, description="The key of the plate that is added; the source's name if not said.")
    prefix: Prefix | None = Field(None, description="Before each code made; the source's name and a dot if not said.")
    limit: Limit = Field("10 wd", description="The handling limit of matters that are added.")
    limits: dict[str, Limit] = Field({}, description="Handling limits by value of the column.")
    values: dict[str, str] = Field({}, description="Value of the column → code of the matter.")


class AgenciesMap(Part):
    """[agencies]: who is responsible at the source → keys of organisations."""

    unknown: Literal["add", "none", "reject"] = Field(
        "add", description="'add' makes an organisation under the city for each value that is none yet; else as above."
    )
    prefix: Prefix = Field("", description="Before each key made.")
    kind: Literal["government", "enterprise", "social", "media", "public_group"] = "government"
    values: dict[str, str] = Field({}, description="Value of the column → key of the organisation.")
    names: dict[str, dict[str, str]] = Field({}, description="Value of the column → the organisation's names.")


State = Literal["collected", "filed", "dispatched", "handling", "handled", "checking", "checked"]


class StatusesMap(Part):
    """[statuses]: in a replay, the state in which a request stops that the source has not closed."""

    default: State = "handling"
    values: dict[str, State] = Field({}, description="Value of the column → state.")


class ImportMap(Part):
    """The whole map."""

    source: SourceMap
    time: TimeMap
    columns: ColumnsMap
    place: PlaceMap = PlaceMap()
    matters: MattersMap = MattersMap()
    agencies: AgenciesMap = AgenciesMap()
    statuses: StatusesMap = StatusesMap()

    @property
    def plate_key(self) -> str:
        """The key of the plate that holds the matters added."""
        return self.matters.plate or self.source.name

    @property
    def matter_prefix(self) -> str:
        """What stands before each matter code that is made."""
        return f"{self.source.name}." if self.matters.prefix is None else self.matters.prefix

    @property
    def numbers(self) -> tuple[str, ...]:
        """Give the columns that hold numbers."""
        return (self.place.lon, self.place.lat)

    def wanted(self) -> dict[str, str]:
        """Give each column of the file that is read, with the key of the map that names it."""
        named = [(name, f"columns.{role}") for role, name in self.columns.single().items()]
        named += [(name, "columns.words") for name in self.columns.words]
        named += [(self.place.lon, "place.lon"), (self.place.lat, "place.lat")]
        named += [(area.column, f"place.areas.{n}.column") for n, area in enumerate(self.place.areas)]
        return columns_of(named)


def read_map(path: Path) -> ImportMap:
    """Read an import map; refuse it naming all that is wrong."""
    return read_as(ImportMap, path, "map")
