"""The components map: what the columns of a file of components mean, as one page of TOML."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from cityloop.town.components.rules.words import ROLES, STATES
from cityloop.town.tabular.geojson import LAT, LON
from cityloop.town.tabular.source import Part, PointMap, SourceMap, columns_of, read_as

TypeCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")]
State = Literal["intact", "damaged", "lost", "discarded"]
# The standard's own words are known without a map.
WORDS: dict[str, State] = {"完好": "intact", "破损": "damaged", "丢失": "lost", "废弃": "discarded"}

# What every row says: where it stands, its attributes, and the digest of it all.
ALWAYS = ("lon", "lat", "cell", "unit_code", "attributes", "seen")


class ColumnsMap(Part):
    """[columns]: which column holds what. Only `key` must be there."""

    key: str | Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="The component's own number at the source, or several columns that tell it apart; a row without "
        "one is rejected."
    )
    code: str = Field("", description="Its identity code; a row without one is given a code by the city.")
    name: str = Field("", description="What it is called, or where it stands in words.")
    type: str = Field("", description="What kind it is; see [types].")
    state: str = Field("", description="How it is; see [states].")
    accuracy: str = Field("", description="The class of its position: A, B or C.")
    responsible: str = Field("", description="Who answers for it; see [organisations].")
    owner: str = Field("", description="Whose it is.")
    maintainer: str = Field("", description="Who keeps it.")
    installed: str = Field("", description="When it was put there, a date.")
    surveyed: str = Field("", description="When the source last looked at it or changed it, a date.")

    @property
    def keys(self) -> tuple[str, ...]:
        """Give the columns of the key."""
        return (self.key,) if isinstance(self.key, str) else self.key


class PlaceMap(PointMap):
    """[place]: where the point stands in the row; in GeoJSON it is the geometry's, without a word."""


class TypesMap(Part):
    """[types]: the file's kinds → types of the plates in force."""

    default: TypeCode | None = Field(None, description="The type of rows whose column says nothing known.")
    values: dict[str, TypeCode] = Field({}, description="Value of the column → code of the type.")


class StatesMap(Part):
    """[states]: the file's words → intact, damaged, lost, discarded."""

    default: State | None = Field("intact", description="The state of rows whose column is empty.")
    values: dict[str, State] = Field({}, description="Value of the column → state; 完好 破损 丢失 废弃 are known.")


class OrganisationsMap(Part):
    """[organisations]: who answers for, owns and keeps them. Keys and names are known; others are mapped here."""

    responsible: str = Field("", description="The key of who answers where the row says nothing; else the type's.")
    owner: str = Field("", description="The key of the owner where the row says nothing.")
    maintainer: str = Field("", description="The key of who keeps them where the row says nothing.")
    unknown: Literal["reject", "none"] = Field("reject", description="Whether a row that names nobody known is taken.")
    values: dict[str, str] = Field({}, description="Value of a column → key of the organisation.")


class AttributeMap(Part):
    """[attributes.KEY]: where an attribute comes from; of a row's type, else it is passed over."""

    column: str = ""
    values: dict[str, str] = Field({}, description="Value of the column → value of the attribute.")
    empty: tuple[str, ...] = Field((), description="Values that say nothing.")
    constant: str = Field("", description="The same value for all rows.")
    default: str = Field("", description="The value of rows whose column says nothing.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.column) == bool(self.constant):
            raise ValueError("give either column or constant")
        return self


class ComponentsMap(Part):
    """The whole map."""

    source: SourceMap
    columns: ColumnsMap
    place: PlaceMap = PlaceMap()
    types: TypesMap = TypesMap()
    states: StatesMap = StatesMap()
    organisations: OrganisationsMap = OrganisationsMap()
    attributes: dict[str, AttributeMap] = {}

    @property
    def point(self) -> tuple[str, str]:
        """Give the columns of the point."""
        return (self.place.lon, self.place.lat) if self.place.lon else (LON, LAT)

    @property
    def spoken(self) -> frozenset[str]:
        """Give the columns of a component that rows speak of: only these are brought up to date by another row."""
        named = {role for role, name in self.columns if name and role not in ("key", "code", "type")}
        fixed = {role for role in ROLES if getattr(self.organisations, role)}
        return frozenset({*ALWAYS, *named, *fixed})

    def wanted(self) -> dict[str, str]:
        """Give each column of the file that is read, with the key of the map that names it."""
        lon, lat = self.point
        named = [(name, "columns.key") for name in self.columns.keys]
        named += [(name, f"columns.{role}") for role, name in self.columns if role != "key"]
        named += [(lon, "place.lon"), (lat, "place.lat")]
        named += [(one.column, f"attributes.{key}.column") for key, one in self.attributes.items()]
        return columns_of(named)


def read_map(path: Path) -> ComponentsMap:
    """Read a components map; refuse it naming all that is wrong."""
    return read_as(ComponentsMap, path, "map")


assert set(WORDS.values()) == set(STATES)  # noqa: S101 - the standard's four words, and ours
