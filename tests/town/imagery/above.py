"""Small real pictures from above, and a service of our own, for tests."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from django.conf import settings
from rasterio.transform import from_bounds

from cityloop.town.calendar.clock import city_clock
from cityloop.town.imagery import actions
from cityloop.town.imagery.models import Layer
from tests.town.staff import BY

BOX = (10.0, 50.0, 10.2, 50.1)  # Smallville
WIDE, HIGH = 1200, 600
XYZ = "https://tiles.example.org/2024/{z}/{x}/{y}.jpg?key=zqsecret"


def draw(
    path: Path, colour: tuple[int, ...] = (200, 60, 40), driver: str = "COG", meant: Any = (), **more: Any
) -> Path:
    """Draw a picture of one colour with a dark line through its middle, as a GeoTIFF."""
    options = {
        "width": WIDE, "height": HIGH, "count": len(colour), "dtype": "uint8", "crs": "EPSG:4326",
        "transform": from_bounds(*BOX, WIDE, HIGH), **more,
    }  # fmt: skip
    bands = np.empty((len(colour), options["height"], options["width"]), options["dtype"])
    bands[:] = np.array(colour, options["dtype"])[:, None, None]
    bands[:, options["height"] // 2] = 0
    with rasterio.open(path, "w", driver=driver, **options) as file:
        file.write(bands)
        if meant:
            file.colorinterp = meant
    return path


def about(**said: Any) -> actions.About:
    """Say something of a layer, sound unless said otherwise."""
    usual = {
        "names": {"en": "Spring flight", "zh-hans": "春季航拍"}, "kind": "xyz", "address": XYZ,
        "taken_from": date(2018, 3, 1), "taken_to": date(2018, 3, 1), "box": BOX, "shallowest": 8, "deepest": 18,
    }  # fmt: skip
    return actions.About(**{**usual, **said})


def layer(key: str = "spring", **said: Any) -> Layer:
    """Register a layer now."""
    return actions.register(key=key, about=about(**said), by=BY, at=city_clock.now())


def picture(key: str, day: date, colour: tuple[int, ...] = (200, 60, 40), **said: Any) -> Layer:
    """Draw a picture into the folder of imagery and register it."""
    folder = Path(settings.IMAGERY)
    folder.mkdir(parents=True, exist_ok=True)
    draw(folder / f"{key}.tif", colour)
    return layer(key, kind="cog", address=f"{key}.tif", box=None, taken_from=day, taken_to=day, **said)


def capabilities(*, rest: bool = True, **more: str) -> bytes:
    """Give the capabilities document of a service with one layer, as templates or as a door for keys and values."""
    said = {
        "crs": "urn:ogc:def:crs:EPSG::3857", "prefix": "", "layer": "ortho", "head": "", "format": "image/jpeg",
        "corner": "-20037508.342789244 20037508.342789244", **more,
    }  # fmt: skip
    matrices = "".join(
        f"<TileMatrix><ows:Identifier>{said['prefix']}{zoom}</ows:Identifier>"
        f"<ScaleDenominator>{559082264.0287178 / 2**zoom}</ScaleDenominator><TopLeftCorner>{said['corner']}"
        f"</TopLeftCorner><TileWidth>256</TileWidth><TileHeight>256</TileHeight>"
        f"<MatrixWidth>{2**zoom}</MatrixWidth><MatrixHeight>{2**zoom}</MatrixHeight></TileMatrix>"
        for zoom in range(10, 20)
    )
    template = "https://wmts.example.org/{Layer}/{style}/{Time}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}.jpg"
    link = f'<ResourceURL format="{said["format"]}" resourceType="tile" template="{template}"/>' if rest else ""
    door = (
        '<ows:OperationsMetadata><ows:Operation name="GetTile"><ows:DCP><ows:HTTP>'
        '<ows:Get xlink:href="https://wmts.example.org/rest"><ows:Constraint name="GetEncoding"><ows:AllowedValues>'
        "<ows:Value>RESTful</ows:Value></ows:AllowedValues></ows:Constraint></ows:Get>"
        '<ows:Get xlink:href="https://wmts.example.org/kvp?map=1"><ows:Constraint name="GetEncoding">'
        "<ows:AllowedValues><ows:Value>KVP</ows:Value></ows:AllowedValues></ows:Constraint></ows:Get>"
        "</ows:HTTP></ows:DCP></ows:Operation></ows:OperationsMetadata>"
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>{said["head"]}
<Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1"
  xmlns:xlink="http://www.w3.org/1999/xlink" version="1.0.0">
<ows:ServiceProvider><ows:ProviderName>Survey of Smallville</ows:ProviderName></ows:ServiceProvider>{door}
<Contents><Layer><ows:Title>Orthophoto</ows:Title>
<ows:WGS84BoundingBox><ows:LowerCorner>9.9 49.9</ows:LowerCorner><ows:UpperCorner>10.3 50.2</ows:UpperCorner>
</ows:WGS84BoundingBox><ows:Identifier>{said["layer"]}</ows:Identifier>
<Style isDefault="true"><ows:Identifier>plain</ows:Identifier></Style><Format>{said["format"]}</Format>
<Dimension><ows:Identifier>Time</ows:Identifier><Default>2024</Default><Value>2020</Value><Value>2024</Value>
</Dimension><TileMatrixSetLink><TileMatrixSet>national</TileMatrixSet></TileMatrixSetLink>
<TileMatrixSetLink><TileMatrixSet>web</TileMatrixSet></TileMatrixSetLink>{link}</Layer>
<TileMatrixSet><ows:Identifier>national</ows:Identifier><ows:SupportedCRS>urn:ogc:def:crs:EPSG::25832</ows:SupportedCRS>
</TileMatrixSet><TileMatrixSet><ows:Identifier>web</ows:Identifier><ows:SupportedCRS>{said["crs"]}</ows:SupportedCRS>
{matrices}</TileMatrixSet></Contents></Capabilities>""".encode()
