"""In which order the units of a parent are numbered."""

import numpy as np
import shapely

from cityloop.town.units.rules.shapes import Shapes, label_points


def reading_order(shapes: Shapes) -> list[int]:
    """Give the indices of `shapes` from west to east, and row after row from north to south.

    A row is a band of the height of the middle-sized shape; a shape belongs to the band of its label point. A
    regular grid is thus numbered exactly like the lines of a page.
    """
    if len(shapes) < 2:
        return list(range(len(shapes)))
    bounds = shapely.bounds(shapes)
    band = max(float(np.median(bounds[:, 3] - bounds[:, 1])), 1e-9)
    points = label_points(shapes)
    top = float(bounds[:, 3].max())
    rows = np.floor((top - points[:, 1]) / band + 1e-6).astype(int)
    return [int(i) for i in np.lexsort((-points[:, 1], points[:, 0], rows))]
