"""Quadkey cells: a point on the globe as one int64 whose order keeps neighbours together (Morton order).

Longitude and latitude (WGS 84 degrees) are each scaled to 31 bits, 360° / 2^31 and 180° / 2^31 a step (at most
1.9 cm), and their bits interleaved, longitude in the even places. The cells of zoom z are the ranges that share
their first 2 z bits; "near here" is therefore a handful of half-open ranges on a B-tree. Bit spreading:
Morton 1966; the magic-mask form is from S. E. Anderson, *Bit Twiddling Hacks*, "Interleave bits".
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from cityloop.ground.kit.refusal import Refusal

Degrees = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int64]
Box = tuple[float, float, float, float]

MAX_ZOOM = 31
EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG 1980
METRES_PER_DEGREE = math.pi * EARTH_RADIUS_M / 180
_SIDE = 1 << MAX_ZOOM
_BLOCK = 1 << 16  # points worked on at a time, so that the intermediate arrays stay in the cache
_MASKS = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def box_of(text: str) -> Box | None:
    """Read `west,south,east,north` in degrees; None for what is none, or lies the wrong way round."""
    try:
        west, south, east, north = map(float, text.split(","))
    except ValueError:
        return None
    return (west, south, east, north) if -180 <= west < east <= 180 and -90 <= south < north <= 90 else None


def check_point(
    lon: object, lat: object, *, box: Box | None = None, lon_field: str = "lon", lat_field: str = "lat"
) -> tuple[float, float]:
    """Give the point as two floats in degrees, or refuse, naming the field that is wrong.

    `box` is (west, south, east, north) of the city: a point outside it whose mirror image lies inside has its
    coordinates swapped and is told so. A point merely outside the box is not refused.
    """
    x, y = _number(lon, lon_field), _number(lat, lat_field)
    if box and not _inside(box, x, y) and _inside(box, y, x):
        raise _swapped(lon_field)
    if abs(y) > 90:
        if box is None and abs(x) <= 90 and abs(y) <= 180:  # with a box we would have known
            raise _swapped(lat_field)
        raise _outside("Latitude", y, 90, lat_field)
    if abs(x) > 180:
        raise _outside("Longitude", x, 180, lon_field)
    return x, y


def cell(lon: float, lat: float) -> int:
    """Give the cell of one point in degrees, an int in [0, 2^62)."""
    x, y = check_point(lon, lat)
    return _spread(_step(x, 180, 360)) | _spread(_step(y, 90, 180)) << 1


def cells(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Cells:
    """Give the cells of points in degrees, two arrays of shape (n,), as int64 of shape (n,).

    Refuses the whole when a coordinate is no number or out of range, naming the first such row.
    """
    xs, ys = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    if xs.shape != ys.shape or xs.ndim != 1:
        raise Refusal("codes.points.shape", "Give as many longitudes as latitudes, in one dimension each.", "lat")
    out = np.empty(xs.shape, np.uint64)
    for start in range(0, len(xs), _BLOCK):
        block = slice(start, start + _BLOCK)
        _cells_of_block(xs[block], ys[block], out[block], start)
    return out.view(np.int64)


def centre(cell_: int, zoom: int = MAX_ZOOM) -> tuple[float, float]:
    """Give the centre, in degrees, of the zoom cell that holds `cell_`."""
    shift = MAX_ZOOM - zoom
    x, y = (_gather(cell_ >> bit) >> shift for bit in (0, 1))
    return ((x + 0.5) * 360 / (1 << zoom)) - 180, ((y + 0.5) * 180 / (1 << zoom)) - 90


def neighbourhood(lon: float, lat: float, radius_m: float) -> list[tuple[int, int]]:
    """Give half-open cell ranges that hold every point within `radius_m` metres; sorted, disjoint, few.

    The zoom is the finest at which the circle's bounding box touches at most 5 cells a side; the ranges hold
    points further off too (up to about the corner of the box), which the asker drops by `metres_between`.
    """
    x, y = check_point(lon, lat)
    if not 0 < radius_m < 5_000_000:
        raise Refusal("codes.radius", "A radius is more than 0 and less than 5,000 km, in metres.", "radius_m")
    dlat = radius_m / METRES_PER_DEGREE
    shrink = math.cos(math.radians(min(abs(y) + dlat, 90.0)))
    dlon = min(180.0, dlat / shrink) if shrink > 1e-9 else 180.0
    zoom = max(1, min(MAX_ZOOM, int(math.log2(2 * 360 / dlon)), int(math.log2(2 * 180 / dlat))))
    return _joined(_touched(x, y, dlon, dlat, zoom), MAX_ZOOM - zoom)


def covering(box: Box) -> list[tuple[int, int]]:
    """Give half-open cell ranges that hold every point of a box (west, south, east, north); sorted, disjoint, few.

    As `neighbourhood` does for a circle: at the finest zoom at which at most 5 cells a side are touched.
    """
    west, south, east, north = box
    dlon, dlat = max((east - west) / 2, 1e-7), max((north - south) / 2, 1e-7)
    zoom = max(1, min(MAX_ZOOM, int(math.log2(2 * 360 / dlon)), int(math.log2(2 * 180 / dlat))))
    return _joined(_touched((west + east) / 2, (south + north) / 2, dlon, dlat, zoom), MAX_ZOOM - zoom)


def metres_between(lon: npt.ArrayLike, lat: npt.ArrayLike, lon2: npt.ArrayLike, lat2: npt.ArrayLike) -> Degrees:
    """Give great-circle distances in metres on the mean sphere (haversine; error against the ellipsoid < 0.6 %)."""
    a, b, c, d = (np.radians(np.asarray(v, np.float64)) for v in (lon, lat, lon2, lat2))
    half = np.sin((d - b) / 2) ** 2 + np.cos(b) * np.cos(d) * np.sin((c - a) / 2) ** 2
    metres: Degrees = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1)))
    return metres


# --- within


def _number(value: object, field: str) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or isinstance(value, bool):
        raise Refusal("codes.point.number", "Give a coordinate in degrees as a number.", field)
    return number


def _inside(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _swapped(field: str) -> Refusal:
    return Refusal("codes.point.swapped", "Longitude and latitude seem to be swapped; longitude comes first.", field)


def _outside(what: str, value: float, limit: int, field: str) -> Refusal:
    return Refusal(
        "codes.point.range",
        "{what} lies between -{limit} and {limit} degrees; got {value}.",
        field,
        what=what,
        limit=limit,
        value=value,
    )


def _step(degrees: float, offset: int, span: int) -> int:
    return min(int((degrees + offset) * (_SIDE / span)), _SIDE - 1)


def _spread(value: int) -> int:
    for shift, mask in _MASKS:
        value = (value | value << shift) & mask
    return value


def _gather(value: int) -> int:
    value &= 0x5555555555555555
    for shift, mask in ((1, 0x3333333333333333), (2, 0x0F0F0F0F0F0F0F0F), (4, 0x00FF00FF00FF00FF)):
        value = (value | value >> shift) & mask
    value = (value | value >> 8) & 0x0000FFFF0000FFFF
    return (value | value >> 16) & 0x00000000FFFFFFFF


def _cells_of_block(xs: Degrees, ys: Degrees, out: npt.NDArray[np.uint64], start: int) -> None:
    for values, limit, field in ((xs, 180, "lon"), (ys, 90, "lat")):
        if not (values.min(initial=0) >= -limit and values.max(initial=0) <= limit):  # NaN fails both
            bad = start + int(np.argmin(np.abs(values) <= limit))
            raise Refusal(
                "codes.point.range", "Row {row}: the {name} is no number or out of range.", field, row=bad, name=field
            )
    out[:] = _spread_block(ys, 90, 180)
    out <<= np.uint64(1)
    out |= _spread_block(xs, 180, 360)


def _spread_block(degrees: Degrees, offset: int, span: int) -> npt.NDArray[np.uint64]:
    steps = (degrees + offset) * (_SIDE / span)
    np.minimum(steps, _SIDE - 1, out=steps)
    value = steps.astype(np.uint64)
    shifted = np.empty_like(value)
    for shift, mask in _MASKS:
        np.left_shift(value, np.uint64(shift), out=shifted)
        value |= shifted
        value &= np.uint64(mask)
    return value


def _touched(x: float, y: float, dlon: float, dlat: float, zoom: int) -> Iterator[int]:
    """Give the Morton numbers, at `zoom`, of the cells that the box touches; round the globe where it must."""
    side = 1 << zoom
    west, east = (math.floor((x + d + 180) * side / 360) for d in (-dlon, dlon))
    south, north = (math.floor((y + d + 90) * side / 180) for d in (-dlat, dlat))
    columns = {column % side for column in range(west, min(east, west + side - 1) + 1)}
    for row in range(max(south, 0), min(north, side - 1) + 1):
        for column in columns:
            yield _spread(column) | _spread(row) << 1


def _joined(numbers: Iterator[int], shift: int) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for number in sorted(numbers):
        low, high = number << 2 * shift, (number + 1) << 2 * shift
        if ranges and ranges[-1][1] == low:
            ranges[-1] = ranges[-1][0], high
        else:
            ranges.append((low, high))
    return ranges
