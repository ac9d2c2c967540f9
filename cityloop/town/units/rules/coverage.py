"""Checks on units: gaps, overlaps, nesting, and whether shapes are shapes at all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from cityloop.town.units.rules.shapes import area_m2

TOLERANCE_M2 = 1.0
_OVERLAP, _GAP = "units.overlap", "units.gap"


@dataclass(frozen=True, slots=True)
class Shaped:
    """A unit to be checked: its code, its shape in degrees, and its parent's code ('' for none)."""

    code: str
    shape: BaseGeometry
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with units: a code for machines, which units, a plain sentence, and the area in question."""

    code: str
    where: tuple[str, ...]
    message: str
    area_m2: float = 0.0


def check_units(units: Iterable[Shaped], tolerance_m2: float = TOLERANCE_M2) -> list[Finding]:
    """Give what is wrong with units, largest first within each kind.

    Among units with the same parent: overlaps, and gaps they enclose. Between a unit and its parent, where both
    are given: what sticks out, and what of the parent its children leave uncovered. Enclosed gaps may be real
    (a lake, an enclave): they are reported for a person to judge.
    """
    known = list(units)
    findings = [_broken(unit) for unit in known if not _sound(unit.shape)]
    sound = [unit for unit in known if _sound(unit.shape)]
    by_code = {unit.code: unit for unit in sound}
    families: dict[str, list[Shaped]] = {}
    for unit in sound:
        families.setdefault(unit.parent, []).append(unit)
    for parent, children in families.items():
        findings += _overlaps(children, tolerance_m2)
        if parent in by_code:
            findings += _nesting(by_code[parent], children, tolerance_m2)
        else:
            findings += _gaps(children, tolerance_m2)
    return sorted(findings, key=lambda found: (found.code, -found.area_m2, found.where))


SOUND = "No gaps, no overlaps, everything nests."


def report(findings: Sequence[Finding]) -> str:
    """Give findings as text for people, one a line, with a sum for each kind."""
    if not findings:
        return SOUND
    return "\n".join([*map(_line, findings), "", _sums(findings)])


def largest(findings: Sequence[Finding], most: int = 10) -> str:
    """Give the largest findings as text, how many more there are, and what cures gaps and overlaps."""
    if not findings:
        return SOUND
    shown = sorted(findings, key=lambda found: -found.area_m2)[:most]
    more = len(findings) - len(shown)
    lines = [*map(_line, shown), *([f"and {more:,} more, none larger"] if more else []), _sums(findings)]
    if any(found.code in (_OVERLAP, _GAP) for found in findings):
        lines.append("mend_gaps_m of the finest level removes overlaps, and gaps narrower than it: mend_gaps_m = 30")
    return "\n".join(lines)


def _line(found: Finding) -> str:
    return f"{found.code}  {' '.join(found.where) or '-'}  {found.message}"


def _sums(findings: Sequence[Finding]) -> str:
    kinds = sorted({found.code for found in findings})
    return ", ".join(f"{kind}: {sum(found.code == kind for found in findings)}" for kind in kinds)


def _sound(shape: BaseGeometry | None) -> bool:
    return (
        shape is not None and shape.geom_type in ("Polygon", "MultiPolygon") and not shape.is_empty and shape.is_valid
    )


def _broken(unit: Shaped) -> Finding:
    if unit.shape is None or unit.shape.is_empty:
        return Finding("units.shape.empty", (unit.code,), "The unit has no shape.")
    why = shapely.is_valid_reason(unit.shape) if not unit.shape.is_valid else f"it is a {unit.shape.geom_type}"
    return Finding("units.shape.invalid", (unit.code,), f"The shape is not a valid polygon: {why}.")


def _overlaps(children: list[Shaped], tolerance: float) -> list[Finding]:
    shapes = np.array([unit.shape for unit in children], object)
    one, two = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, two = one[one < two], two[one < two]
    areas = area_m2(shapely.intersection(shapes[one], shapes[two])) if len(one) else np.empty(0)
    return [
        Finding(_OVERLAP, (children[i].code, children[j].code), f"The two overlap by {area:,.0f} m².", float(area))
        for i, j, area in zip(one, two, areas, strict=True)
        if area > tolerance
    ]


def _gaps(children: list[Shaped], tolerance: float) -> list[Finding]:
    whole = shapely.union_all(np.array([unit.shape for unit in children], object))
    solid = shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(whole)])
    return _uncovered(shapely.difference(solid, whole), children, tolerance, "between")


def _nesting(parent: Shaped, children: list[Shaped], tolerance: float) -> list[Finding]:
    shapes = np.array([unit.shape for unit in children], object)
    outside = area_m2(shapely.difference(shapes, parent.shape))
    findings = [
        Finding(
            "units.nesting", (unit.code, parent.code), f"It sticks out of its parent by {area:,.0f} m².", float(area)
        )
        for unit, area in zip(children, outside, strict=True)
        if area > tolerance
    ]
    left = shapely.difference(parent.shape, shapely.union_all(shapes))
    return findings + _uncovered(left, children, tolerance, f"in {parent.code}, beside")


def _uncovered(left: BaseGeometry, children: list[Shaped], tolerance: float, where: str) -> list[Finding]:
    parts = np.array([part for part in shapely.get_parts(left) if part.geom_type == "Polygon"], object)
    areas = area_m2(parts) if len(parts) else np.empty(0)
    tree = shapely.STRtree([unit.shape for unit in children])
    findings = []
    for part, area in zip(parts, areas, strict=True):
        if area > tolerance:
            near = tuple(sorted(children[i].code for i in tree.query(part, predicate="intersects")))
            at = shapely.point_on_surface(part)
            text = f"A gap of {area:,.0f} m² at {at.x:.5f} {at.y:.5f}, {where} these units."
            findings.append(Finding(_GAP, near, text, float(area)))
    return findings
