"""Why a reading is not believed, and what is asked of each; whole columns at once."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext_noop as _

MISSING, TYPE, TIME, UNKNOWN, NOT_A_NUMBER = "missing", "type", "time", "datastream", "not-a-number"
FUTURE, RANGE, UNIT, FEATURE, DIFFERS, ROW = "future", "range", "unit", "feature", "differs", "row"

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
    ROW: _("This row of the file cannot be read."),
    DIFFERS: _("There is another result for the same time already."),
}

AHEAD = 300_000_000  # a device's clock may go five minutes fast
NUMBER, TRUTH, OTHER, NOTHING = range(4)  # what kind of value a reading brought
MEASUREMENT, COUNT, TRUE_OR_FALSE, ANYTHING = range(4)  # what kind its datastream wants
_TYPES = {"OM_Measurement": MEASUREMENT, "OM_CountObservation": COUNT, "OM_TruthObservation": TRUE_OR_FALSE}
Column = npt.NDArray[Any]


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
    number = kind == NUMBER
    wrong = np.select(
        [wants == TRUE_OR_FALSE, wants == ANYTHING, wants == COUNT],
        [kind != TRUTH, np.zeros(len(kind), bool), ~number | (np.isfinite(result) & (result != np.floor(result)))],
        ~number,
    )
    with np.errstate(invalid="ignore"):
        outside = number & ((result < asked.least) | (result > asked.most))
    return np.select(
        [~asked.known, kind == NOTHING, wrong, number & ~np.isfinite(result), asked.end > now + AHEAD, outside],
        [UNKNOWN, MISSING, TYPE, NOT_A_NUMBER, FUTURE, RANGE],
        "",
    )
