"""GCJ-02, the datum of Chinese map services, and back.

The offset is the published approximation used by every open converter (first: eviltransform, 2013): a sum of
sines of the position, in metres on the Krasovsky 1940 ellipsoid. It has no closed inverse; the inverse is found
by iterating p <- p - (forward(p) - target), which converges because the offset changes by < 1 % over its length.
"""

import numpy as np
import numpy.typing as npt
import shapely

Degrees = npt.NDArray[np.float64]

SEMI_MAJOR = 6_378_245.0  # Krasovsky 1940, metres
ECCENTRICITY2 = 0.00669342162296594323
CHINA = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north: outside it GCJ-02 equals WGS 84
_ROUNDS = 10


def to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Turn WGS 84 degrees into GCJ-02 degrees; points outside China stay."""
    dlon, dlat = _offset(lon, lat)
    return lon + dlon, lat + dlat


def to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Turn GCJ-02 degrees into WGS 84 degrees, to better than 1 mm of the forward formula."""
    x, y = np.array(lon, np.float64), np.array(lat, np.float64)
    for _ in range(_ROUNDS):
        dlon, dlat = _offset(x, y)
        x, y = lon - dlon, lat - dlat
    return x, y


def shapes_to_wgs84(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Turn geometries in GCJ-02 into WGS 84; vertices that two shapes share stay shared."""

    def convert(points: Degrees) -> Degrees:
        return np.column_stack(to_wgs84(points[:, 0], points[:, 1]))

    turned: npt.NDArray[np.object_] = shapely.transform(shapes, convert)
    return turned


def _offset(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Give the offset in degrees at WGS 84 positions."""
    x, y = np.asarray(lon) - 105.0, np.asarray(lat) - 35.0
    root = np.sqrt(np.abs(x))
    common = (20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    north += (20 * np.sin(np.pi * y) + 40 * np.sin(np.pi * y / 3)) * 2 / 3
    north += (160 * np.sin(np.pi * y / 12) + 320 * np.sin(np.pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    east += (20 * np.sin(np.pi * x) + 40 * np.sin(np.pi * x / 3)) * 2 / 3
    east += (150 * np.sin(np.pi * x / 12) + 300 * np.sin(np.pi * x / 30)) * 2 / 3
    return _in_degrees(np.asarray(lon), np.asarray(lat), east, north)


def _in_degrees(lon: Degrees, lat: Degrees, east: Degrees, north: Degrees) -> tuple[Degrees, Degrees]:
    phi = np.radians(lat)
    magic = 1 - ECCENTRICITY2 * np.sin(phi) ** 2
    meridian = SEMI_MAJOR * (1 - ECCENTRICITY2) / (magic * np.sqrt(magic))
    parallel = SEMI_MAJOR / np.sqrt(magic) * np.cos(phi)
    west, south, east_edge, north_edge = CHINA
    inside = (lon >= west) & (lon <= east_edge) & (lat >= south) & (lat <= north_edge)
    return np.where(inside, np.degrees(east / parallel), 0.0), np.where(inside, np.degrees(north / meridian), 0.0)
