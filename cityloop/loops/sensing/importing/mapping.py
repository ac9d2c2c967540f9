"""What the columns of a file of readings mean. A map is one TOML file, checked as it is read."""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints

from cityloop.town.tabular.source import Part, SourceMap, columns_of, read_as

Text = Annotated[str, StringConstraints(min_length=1, max_length=255)]


def _zone(name: str) -> str:
    try:
        if name:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"there is no time zone {name!r}") from None
    return name


class ReadingsMap(Part):
    """[readings]: of which thing and of when a row is, and what an empty cell is."""

    time: Text = Field(description="The column with the time, written as in ISO 8601: 2026-05-01T08:00:00.")
    thing: str = Field("", description="The column that names the thing; a row without a name is rejected.")
    one: str = Field(
        "", description="Without `thing`: the name of the one thing that all rows are of; the source's if not said."
    )
    zone: Annotated[str, AfterValidator(_zone)] = Field(
        "",
        description="The IANA zone of times that name none, such as 'America/New_York'. Without it such times are not "
        "believed, and their readings go to the quarantine.",
    )
    blank: Literal["quarantine", "skip"] = Field(
        "quarantine",
        description="What an empty cell is: 'quarantine' takes it for a reading that is missing, 'skip' for none.",
    )
    empty: tuple[str, ...] = Field((), description="Values that say nothing either, such as 'NA'.")


class StreamMap(Part):
    """[[streams]]: a column, and the datastream that it is of each thing."""

    column: Text = Field(description="The column; its datastream is named after the thing and `name`.")
    name: str = Field("", description="What is measured; the column's name where it is not said.")
    kind: Literal["measurement", "count", "truth", "category"] = Field(
        "measurement",
        description="What a cell holds: a number, a whole number, true or false (also 1 and 0, yes and no), or a word.",
    )
    unit: str = Field("", description="As in UCUM, such as ug/m3.")
    unit_name: str = Field("", description="The unit in words; `unit` where it is not said.")
    definition: str = Field("", description="Where it is defined what is measured.")
    observed: Annotated[str, StringConstraints(pattern=r"^$|^[a-z0-9_]+/[a-z0-9_.-]+$")] = Field(
        "", description="What of a plate it is, plate/key: the plate's rules then watch it."
    )
    minimum: float | None = Field(None, description="Less is physically impossible, and goes to the quarantine.")
    maximum: float | None = Field(None, description="More is physically impossible, and goes to the quarantine.")

    @property
    def title(self) -> str:
        """Give what is measured."""
        return self.name or self.column


class PlacedMap(Part):
    """[things.NAME]: where a thing stands, and what it is called."""

    name: str = Field("", description="What it is called; its name in the file where it is not said.")
    lon: float | None = Field(None, description="Its longitude in degrees of WGS 84; without a place it lies nowhere.")
    lat: float | None = Field(None, description="Its latitude.")


class SensingMap(Part):
    """The whole map."""

    source: SourceMap
    readings: ReadingsMap
    streams: tuple[StreamMap, ...] = Field(min_length=1)
    things: dict[str, PlacedMap] = {}

    @property
    def numbers(self) -> tuple[str, ...]:
        """Give the columns that hold numbers."""
        return tuple(one.column for one in self.streams if one.kind in ("measurement", "count"))

    def wanted(self) -> dict[str, str]:
        """Give each column of the file that is read, with the key of the map that names it."""
        named = [(self.readings.time, "readings.time"), (self.readings.thing, "readings.thing")]
        return columns_of([*named, *((one.column, f"streams.{n}.column") for n, one in enumerate(self.streams))])


def read_map(path: Path) -> SensingMap:
    """Read a map of readings; refuse it naming all that is wrong."""
    return read_as(SensingMap, path, "map")
