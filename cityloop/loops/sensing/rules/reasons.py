"""Why a reading is not believed, and what is asked of each; whole columns at once."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext_noop as _

MISSING, TYPE, TIME, UNKNOWN, NOT_A_NUMBER = "missing", "type", "time", "datastream", "not-a-number"
FUTURE, RANGE, UNIT, FEATURE, DIFFERS, ROW = "future", "range", "unit", "feature", "differs", "row"
SHAPE = "shape"

# For people: what to do about each.
WORDS: Mapping[str, str] = {
    MISSING: _("This reading has no result."),
    TYPE: _("The result is not of the type that its datastream declares."),
    TIME: _("Give the time of the reading with its zone, such as 2026-05-01T08:00:00Z."),
    UNKNOWN: _("There is no such datastream."),
    NOT_A_NUMBER: _("The result is not a finite number."),
    FUTURE: _("This reading lies in the future; set the clock of the device."),
    RANGE: _("This value is physically impossible for what is measured."),
    UNIT: _("The unit of this reading is not that of its datastream."),
    FEATURE: _("There is no such feature of interest."),
    ROW: _("This row cannot be read; it has as many values as there are columns."),
    SHAPE: _("This message cannot be read."),
    DIFFERS: _("There is another result for the same time already."),
}

_WHY = f"<U{max(map(len, WORDS))}"
AHEAD = 300_000_000  # a device's clock may go five minutes fast
NUMBER, TRUTH, OTHER, NOTHING = range(4)  # what kind of value a reading brought
MEASUREMENT, COUNT, TRUE_OR_FALSE, ANYTHING = range(4)  # what kind its datastream wants
_TYPES = {"OM_Measurement": MEASUREMENT, "OM_CountObservation": COUNT, "OM_TruthObservation": TRUE_OR_FALSE}
Column = npt.NDArray[Any]


@lru_cache(1000)
def wanted(observation_type: str) -> int:
    """Give what a datastream of this type wants; types we do not know take anything."""
    return _TYPES.get(observation_type.rpartition("/")[2], ANYTHING)


class Asked(NamedTuple):
    """Readings as columns, beside what their datastreams ask of them."""

    kind: Column
    result: Column
    end: Column
    known: Column
    wants: Column
    least: Column
    most: Column


def faults(asked: Asked, now: int) -> Column:
    """Give for each reading why it is not believed, '' where it is."""
    kind, result, wants = asked.kind, asked.result, asked.wants
    number, finite = kind == NUMBER, np.isfinite(result)
    fits = np.where(wants == TRUE_OR_FALSE, kind == TRUTH, number | (wants == ANYTHING))
    fits &= (wants != COUNT) | ~finite | (result == np.floor(result))
    with np.errstate(invalid="ignore"):
        outside = number & ((result < asked.least) | (result > asked.most))
    found = [~asked.known, kind == NOTHING, ~fits, number & ~finite, asked.end > now + AHEAD, outside]
    if not np.logical_or.reduce(found).any():
        return np.zeros(len(kind), _WHY)
    return np.select(found, [UNKNOWN, MISSING, TYPE, NOT_A_NUMBER, FUTURE, RANGE], "").astype(_WHY)
