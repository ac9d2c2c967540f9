"""Photos as pages show them, and the pair that shows a place before and after the work."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo as shown: the small one, the large one, when, whether it shows the place after the work, and whose."""

    key: str
    small: str
    large: str
    at: str
    after: bool
    whose: str


Pair = tuple[Picture, Picture]


def pair_of(pictures: Sequence[Picture]) -> Pair | None:
    """Give the place before and after the work: the first picture of it as it was, and the last of it as it is.

    They come the oldest first; None where either lacks.
    """
    before = next((one for one in pictures if not one.after), None)
    after = next((one for one in reversed(pictures) if one.after), None)
    return (before, after) if before and after else None
