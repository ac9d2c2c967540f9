"""The units map: what a city declares about its units, as data. One page of TOML, checked before anything is read."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cityloop.ground.kit.loader import innermost
from cityloop.ground.kit.refusal import Refusal

Names = dict[str, str] | str


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CityMap(_Part):
    """[city]: which city this is."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    names: dict[str, str]
    code: str
    zone: str
    case_prefix: str = Field(pattern=r"^[A-Z][A-Z0-9]{0,11}$")
    country: str = ""
    loop_profile: Literal["full", "small_town"] = "full"
    kind: Literal["live", "replay", "exercise"] = "live"
    languages: tuple[str, ...] = ("en",)
    map_view: dict[str, float] = Field(default_factory=dict)


class CodesMap(_Part):
    """[codes]: alphabet, and the width each level adds, the city first."""

    levels: tuple[tuple[str, int], ...]
    alphabet: str = "0123456789"


class SourceMap(_Part):
    """A file of polygons: GeoJSON, plain or gzip, in WGS 84 or declared GCJ-02."""

    file: str
    key: str
    datum: Literal["wgs84", "gcj02"] = "wgs84"


class UpMap(_Part):
    """How a unit of the finest level finds its unit of this level; exactly one way.

    `property`: the leaf's own property holds the key. `crosswalk` + `on` + `column`: a CSV whose column `on` holds
    the leaf's key. `via` + `property`: a property of the source of the level `via`. `overlap`: the polygon of
    this level's source that covers most of the leaf.
    """

    property: str = ""
    via: str = ""
    crosswalk: str = ""
    on: str = ""
    column: str = ""
    overlap: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> "UpMap":
        ways = [bool(self.property), bool(self.crosswalk), self.overlap]
        if sum(ways) != 1 or bool(self.crosswalk) != bool(self.on and self.column) or (self.via and not self.property):
            raise ValueError("give one of: property; via and property; crosswalk, on and column; overlap = true")
        return self


class GridMap(_Part):
    """The finest level cut into cells of `cell_m` metres, or of `target_area_m2`."""

    cell_m: float | None = Field(None, gt=0)
    target_area_m2: float | None = Field(None, gt=0)
    sliver: float = Field(0.2, ge=0, lt=1)

    @model_validator(mode="after")
    def _one_size(self) -> "GridMap":
        if (self.cell_m is None) == (self.target_area_m2 is None):
            raise ValueError("give either cell_m or target_area_m2")
        return self


class LevelMap(_Part):
    """[[levels]]: one level under the city, from the top down."""

    name: str
    names: Names = ""
    source: SourceMap | None = None
    up: UpMap | None = None
    grid: GridMap | None = None
    segment: str = ""
    segment_last: int = 0
    title: Names = "{key}"
    aliases: tuple[str, ...] = ()
    fit_to: str = ""
    mend_gaps_m: float = Field(0, ge=0)


class LayerMap(_Part):
    """[[layers]]: named areas kept as they are; `within` is the share that must lie in a unit to be placed there."""

    key: str
    names: Names
    source: SourceMap
    title: Names = "{key}"
    aliases: tuple[str, ...] = ()
    within: float = Field(0.9, gt=0.5, le=1)
    origin: str = ""
    terms: str = ""
    postal: bool = False
    population: str = ""


class PopulationMap(_Part):
    """[population]: how many live in each unit of the finest source, as a CSV: column `on` holds its key.

    The other way is `population` of a layer: the property that says how many live in each of its areas.
    """

    file: str
    on: str
    column: str


class UnitsMap(_Part):
    """The whole map."""

    city: CityMap
    codes: CodesMap
    levels: tuple[LevelMap, ...]
    layers: tuple[LayerMap, ...] = ()
    city_level_names: Names = "City"
    population: PopulationMap | None = None

    @model_validator(mode="after")
    def _levels_agree(self) -> "UnitsMap":
        declared = [name for name, _ in self.codes.levels]
        named = [level.name for level in self.levels]
        if declared[1:] != named:
            raise ValueError(f"[codes] declares the levels {declared[1:]} under the city, [[levels]] has {named}")
        if sum(bool(layer.population) for layer in self.layers) + bool(self.population) > 1:
            raise ValueError("say once how many live where: [population], or population of one layer")
        finest = self.levels[-1]
        if not (finest.source or finest.grid):
            raise ValueError("the finest level needs a source or a grid")
        above = self.levels[:-2] if finest.grid else self.levels[:-1]
        for level in above:
            if level.up is None:
                raise ValueError(f"level {level.name!r} needs 'up': how a leaf finds its unit of this level")
        if finest.grid and len(self.levels) > 1 and not self.levels[-2].source:
            raise ValueError("the level above a grid needs a source of polygons")
        return self


def read_map(data: dict[str, object]) -> UnitsMap:
    """Check a units map; refuse it naming all that is wrong."""
    try:
        return UnitsMap.model_validate(data)
    except ValidationError as error:
        problems = innermost(error, "map", {})
        why = "\n".join(map(str, problems))
        raise Refusal("units.map", "The units map is wrong:\n{why}", problems[0].key or "map", why=why) from error
