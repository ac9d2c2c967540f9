"""For how many days readings are kept: `retention_days` among the properties of a datastream, or what it observes."""

from collections.abc import Mapping
from typing import Any

from cityloop.ground.kit.refusal import Refusal

NAME, MOST = "retention_days", 36_500


def kept_for(properties: Mapping[str, Any]) -> int:
    """Give for how many days, 0 where it is not said."""
    value = properties.get(NAME)
    return value if type(value) is int and 0 < value <= MOST else 0


def judge(properties: Mapping[str, Any]) -> None:
    """Refuse what cannot be kept to."""
    if NAME in properties and not kept_for(properties):
        raise Refusal("sensing.retention", "Give a whole number of days, 1 to {most}.", f"properties/{NAME}", most=MOST)
