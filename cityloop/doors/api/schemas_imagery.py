"""The shapes of pictures from above at the JSON door."""

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from cityloop.doors.api.schemas import Names
from cityloop.doors.api.schemas_in import In, Text
from cityloop.doors.api.schemas_settings import Level, Said

Zoom = Annotated[int, Field(ge=0, le=24, strict=True)]
Date = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2026-09-14"])]
DOCUMENT = 3_000_000  # characters: a larger one goes by `cityloop imagery add`


class LayerOut(Schema):
    """A layer: when it was taken, where its tiles are, who may look at it (`public`, else posts from `level` up)."""

    key: str
    names: Names
    kind: str = Field(description="xyz, wmts or cog.")
    address: str = Field(description="With {z}, {x} and {y}; of a GeoTIFF its name in the folder of imagery.")
    taken_from: str
    taken_to: str
    attribution: str
    licence: str
    bounds: list[float] = Field(description="West, south, east, north in degrees.")
    shallowest: int
    deepest: int
    public: bool
    level: int


class LayersPage(Schema):
    items: list[LayerOut]
    next: str | None


class LayerIn(In):
    """All that is said of a layer. A new one of a WMTS comes with its `capabilities`; edges default to the city's."""

    names: Said
    kind: Literal["xyz", "wmts", "cog"]
    address: Text = Field("", max_length=1000, examples=["https://tiles.example.org/2026/{z}/{x}/{y}.webp"])
    capabilities: Text = Field("", max_length=DOCUMENT, description="The document of the WMTS itself.")
    layer: Text = Field("", max_length=200, description="Which layer of the WMTS, where it has several.")
    time: Text = Field("", max_length=60, description="What fills the dimension Time of the WMTS.")
    taken_from: Date
    taken_to: Date | None = None
    attribution: Text = Field("", max_length=200)
    licence: Text = Field("", max_length=500)
    bounds: Annotated[list[float], Field(min_length=4, max_length=4)] | None = None
    shallowest: Zoom | None = None
    deepest: Zoom | None = None
    public: bool = Field(False, strict=True)
    level: Level = 0
