"""What a report is about: a component of the city, chosen by its code, whose place is then the report's."""

from collections.abc import Sequence
from typing import NamedTuple

from cityloop.doors.web.show.things import title
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.catalog import queries as catalog
from cityloop.town.components import queries as components
from cityloop.town.components.rules.identity import LENGTH, is_digits

NEAR = 2e-6  # degrees: places are written with six digits


class About(NamedTuple):
    """A component chosen: its code, what it is called, its place, and the matters of its type."""

    code: str
    title: str
    lon: float
    lat: float
    unit: str
    matters: Sequence[str]


def about(code: str) -> About | None:
    """Give the component of a code, None where none is named; refuse one that cannot be reported about. One query."""
    if not code.strip():
        return None
    one = components.reportable(code.strip())
    kind = components.kinds().get(str(one.type))
    known = catalog.current().matters if catalog.has_any() and kind else {}
    matters = [matter for matter in known if kind is not None and kind.fits(matter)]
    return About(str(one.code), title(one), one.lon, one.lat, str(one.unit_code), matters)


def moved(one: About, lon: str, lat: str) -> bool:
    """Tell whether a form says another place than the component's: then it is not about it any more."""
    try:
        return bool(lon and lat) and max(abs(float(lon) - one.lon), abs(float(lat) - one.lat)) > NEAR
    except ValueError:
        return True


def looked_for(text: str) -> About | None:
    """Give the component whose code somebody typed where a place is looked for."""
    digits = text.replace(" ", "")
    if not (is_digits(digits) and len(digits) == LENGTH):
        return None
    try:
        return about(digits)
    except Refusal:
        return None
