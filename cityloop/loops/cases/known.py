"""Which cases everybody may know of, and how exactly their places are told. What is told of them stands in `openly`."""

from django.db.models import QuerySet

from cityloop.loops.cases.models import Case
from cityloop.loops.cases.streets import street_of
from cityloop.town.catalog import queries as catalog

# How exactly a place must be told for a picture of it to be shown: a picture tells it.
PICTURED = ("exact", "street")
STREET_GRID = 500  # to 1/500 of a degree, some 200 m; the same grid at every door: two grids would tell more than one


def everybody() -> "QuerySet[Case]":
    """Select the cases that everybody may know of; parts of a split case are told by the whole."""
    return Case.objects.filter(level=0, parent__isnull=True).exclude(matter="")


def is_known(case: Case) -> bool:
    """Tell of a case at hand whether everybody may know of it, just as `everybody` selects it. No query."""
    return case.level == 0 and case.parent_id is None and bool(case.matter)


def leading(case: Case) -> Case:
    """Give the case whose progress is told under this one: of a folded one the main case, where all may know of it."""
    return case.into if case.into is not None and is_known(case.into) else case


def exactness(matter: str) -> str:
    """Tell how exactly places of a matter are shown: `exact`, `street`, `unit`, `none`; `unit` for one not known now.

    No query within a second of the last.
    """
    entry = catalog.current().known.get(matter) if catalog.has_any() else None
    return entry.public_place if entry is not None else "unit"


def silent() -> list[str]:
    """Give the matters that keep their place to themselves. No query within a second of the last."""
    known = catalog.current().known if catalog.has_any() else {}
    return [code for code, matter in known.items() if matter.public_place == "none"]


def coarse(lon: float | None, lat: float | None, how: str) -> tuple[float | None, float | None]:
    """Give a point as exactly as is told: as it is, on a grid of some 200 m, or not at all."""
    if lon is None or lat is None or how in ("unit", "none"):
        return None, None
    if how == "exact":
        return lon, lat
    return round(lon * STREET_GRID) / STREET_GRID, round(lat * STREET_GRID) / STREET_GRID


def street(case: Case) -> str:
    """Give the address of a case as exactly as is told: `12 Hill Road`, `Hill Road`, or nothing.

    What a resident typed is told only once an officer has read and filed it.
    """
    how = exactness(case.matter)
    if how not in PICTURED or not (case.source or case.filed is not None):
        return ""
    return case.address if how == "exact" else street_of(case.address)
