"""The import map: what the columns of a city's file mean, as one page of TOML. Its JSON Schema is in the reference."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.worktime import parse_limit

M = TypeVar("M", bound=BaseModel)
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]
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


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class SourceMap(_Part):
    """[source]: what the file is called, and how it is written."""

    name: Key = Field(description="Names the source for ever: a case is known by this name and its key in the file.")
    format: Literal["", "csv", "parquet"] = Field("", description="By the file's ending where it is not said.")
    encoding: str = Field("utf-8", description="Of a CSV file; a byte order mark is dropped.")
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    quote: Annotated[str, StringConstraints(min_length=1, max_length=1)] = '"'
    origin: str = Field("", description="Where the file comes from.")
    terms: str = Field("", description="On what terms it may be used.")


class TimeMap(_Part):
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


class ColumnsMap(_Part):
    """[columns]: which column holds what. Only `key` and `created` must be there."""

    key: str = Field(description="The request's own number at the source; a row without one is rejected.")
    created: str = Field(description="When it came in; a row without a readable time is rejected.")
    closed: str = Field("", description="When it was closed; empty while it is open.")
    due: str = Field("", description="When the source wanted it done; kept beside the case, never a clock of ours.")
    status: str = Field("", description="The source's own word for how it stands; kept as it is.")
    matter: str = Field("", description="The kind of request; see [matters].")
    agency: str = Field("", description="Who is responsible at the source; see [agencies].")
    channel: str = Field("", description="How it came in.")
    address: str = ""


class AreaMap(_Part):
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


class PlaceMap(_Part):
    """[place]: coordinates first; else the first area that is known, in the order given; else `unplaced`."""

    lon: str = Field("", description="The column with the longitude in degrees.")
    lat: str = Field("", description="The column with the latitude in degrees.")
    datum: Literal["wgs84", "gcj02"] = Field("wgs84", description="GCJ-02 is turned into WGS 84.")
    areas: tuple[AreaMap, ...] = ()

    @model_validator(mode="after")
    def _both(self) -> Self:
        if bool(self.lon) != bool(self.lat):
            raise ValueError("a place needs both lon and lat")
        return self


class MattersMap(_Part):
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


class AgenciesMap(_Part):
    """[agencies]: who is responsible at the source → keys of organisations."""

    unknown: Literal["add", "none", "reject"] = Field(
        "add", description="'add' makes an organisation under the city for each value that is none yet; else as above."
    )
    prefix: Prefix = Field("", description="Before each key made.")
    kind: Literal["government", "enterprise", "social", "media", "public_group"] = "government"
    values: dict[str, str] = Field({}, description="Value of the column → key of the organisation.")
    names: dict[str, dict[str, str]] = Field({}, description="Value of the column → the organisation's names.")


State = Literal["collected", "filed", "dispatched", "handling", "handled", "checking", "checked"]


class StatusesMap(_Part):
    """[statuses]: in a replay, the state in which a request stops that the source has not closed."""

    default: State = "handling"
    values: dict[str, State] = Field({}, description="Value of the column → state.")


class ImportMap(_Part):
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

    def wanted(self) -> dict[str, str]:
        """Give each column of the file that is read, with the key of the map that names it."""
        named = [(name, f"columns.{role}") for role, name in self.columns]
        named += [(self.place.lon, "place.lon"), (self.place.lat, "place.lat")]
        named += [(area.column, f"place.areas.{n}.column") for n, area in enumerate(self.place.areas)]
        found: dict[str, str] = {}
        for name, key in named:
            if name:
                found.setdefault(name, key)
        return found


def read_map(path: Path) -> ImportMap:
    """Read an import map; refuse it naming the first key that is wrong."""
    return validated(ImportMap, read_toml(path, "map"), "map")


def validated(model: type[M], data: dict[str, Any], what: str) -> M:
    """Check data against a model; refuse it naming the first key that is wrong."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or what
        why = first["msg"].removeprefix("Value error, ")
        raise Refusal(
            f"import.{what}", "The {what} is wrong at {at}: {why}.", field, what=what, at=field, why=why
        ) from error


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Read a TOML file; refuse what cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Refusal(
            f"import.{what}", "{path} cannot be read ({why}).", what, path=path, why=error.strerror
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refusal(f"import.{what}", "{path} is not valid TOML: {why}.", what, path=path.name, why=error) from error
