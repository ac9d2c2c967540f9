"""Where a thing is, as keys a B-tree can range over: unit codes, and quadkey cells for nearness."""

from cityloop.ground.codes.cells import MAX_ZOOM, cell, cells, centre, check_point, metres_between, neighbourhood
from cityloop.ground.codes.scheme import DEFAULT_SCHEME, DIGITS, CodeScheme, Level, roots, scheme_data, scheme_of

__all__ = [
    "DEFAULT_SCHEME",
    "DIGITS",
    "MAX_ZOOM",
    "CodeScheme",
    "Level",
    "cell",
    "cells",
    "centre",
    "check_point",
    "metres_between",
    "neighbourhood",
    "roots",
    "scheme_data",
    "scheme_of",
]
