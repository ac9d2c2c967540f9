"""What an observed property can be at all: `minimum` and `maximum` among its properties."""

import math
from collections.abc import Mapping
from typing import Any

from cityloop.ground.kit.refusal import Refusal


def bounds(properties: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Give the least and the greatest value that is physically possible, None where it is not said."""
    least, most = (_bound(properties, name) for name in ("minimum", "maximum"))
    if least is not None and most is not None and least > most:
        raise Refusal("sensing.bounds", "The minimum is greater than the maximum.", "properties/minimum")
    return least, most


def _bound(properties: Mapping[str, Any], name: str) -> float | None:
    value = properties.get(name)
    if value is None:
        return None
    if type(value) not in (int, float) or not math.isfinite(value):
        raise Refusal("sensing.bound", "Give a number.", f"properties/{name}")
    return float(value)
