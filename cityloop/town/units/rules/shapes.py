"""Measures and small operations on polygons in WGS 84 degrees."""

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

Shapes = npt.NDArray[np.object_]
Degrees = npt.NDArray[np.float64]

_A = 6_378_137.0  # WGS 84 semi-major axis, metres
_E2 = 0.00669437999014
_E = _E2**0.5
OUTLINE_DEGREES = 0.0003  # about 30 m: simplification of outlines on maps


def area_m2(shapes: Any) -> Degrees:
    """Give areas in square metres on the WGS 84 ellipsoid.

    The coordinates are projected by the cylindrical equal-area projection (Snyder, *Map Projections: A Working
    Manual*, USGS 1987, equations 3-12 and 10-14 ff.): x = a λ, y = a q(φ) / 2, which keeps areas exactly.
    """
    areas: Degrees = np.asarray(shapely.area(shapely.transform(np.asarray(shapes, object), _equal_area)))
    return areas


def metre_in_degrees(lat: float) -> tuple[float, float]:
    """Give how many degrees of longitude and latitude one metre is at latitude `lat`."""
    phi = np.radians(lat)
    root = 1 - _E2 * np.sin(phi) ** 2
    east = _A / np.sqrt(root) * np.cos(phi)
    north = _A * (1 - _E2) / root**1.5
    return float(np.degrees(1 / east)), float(np.degrees(1 / north))


def polygonal(shape: BaseGeometry) -> BaseGeometry:
    """Keep only the polygons, and make them valid (rings crossing themselves are taken apart)."""
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
        shape = shapely.union_all([polygonal(part) for part in parts]) if parts else shapely.Polygon()
    return shape if shape.is_valid else shapely.make_valid(shape, method="structure", keep_collapsed=False)


def dissolve(shapes: Shapes) -> BaseGeometry:
    """Give the exact union of shapes that share their edges; falls back to the general union where they do not."""
    try:
        joined = shapely.coverage_union_all(shapes)
    except shapely.GEOSException:
        joined = None
    if joined is not None and shapely.is_valid(joined):
        return joined
    return shapely.union_all(shapes)


def outlines(shapes: Shapes, tolerance: float = OUTLINE_DEGREES) -> Shapes:
    """Simplify shapes for maps; edges that neighbours share stay shared when the shapes form a coverage."""
    if len(shapes) == 0:
        return shapes
    try:
        thin = np.asarray(shapely.coverage_simplify(shapes, tolerance), object)
    except (shapely.GEOSException, TypeError):
        thin = np.asarray(shapely.simplify(shapes, tolerance), object)
    return np.where(shapely.is_empty(thin) | ~shapely.is_valid(thin), shapes, thin)


def label_points(shapes: Shapes) -> Degrees:
    """Give for each shape a point inside it, the centroid where that lies inside; shape (n, 2)."""
    points = shapely.centroid(shapes)
    outside = ~shapely.contains(shapes, points)
    points = np.where(outside, shapely.point_on_surface(shapes), points)
    return np.column_stack((shapely.get_x(points), shapely.get_y(points)))


def segments(shapes: Shapes) -> tuple[Degrees, Degrees, npt.NDArray[np.int64]]:
    """Give every edge of every ring: starts (n, 2), ends (n, 2), and the index of its shape (n,)."""
    rings, shape = shapely.get_rings(shapes, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    within = ring[1:] == ring[:-1]  # consecutive vertices of one ring
    return points[:-1][within], points[1:][within], shape[ring[:-1][within]]


def _equal_area(points: Degrees) -> Degrees:
    sine = np.sin(np.radians(points[:, 1]))
    part = np.log((1 - _E * sine) / (1 + _E * sine)) / (2 * _E)
    q = (1 - _E2) * (sine / (1 - _E2 * sine**2) - part)
    return np.column_stack((_A * np.radians(points[:, 0]), _A * q / 2))
