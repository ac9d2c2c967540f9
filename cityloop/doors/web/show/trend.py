"""A figure with its trend: a number that is a door, and a line of how it came to be."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

WIDE, HIGH = 100, 40


@dataclass(frozen=True, slots=True)
class Figure:
    """What the template prints: the number, what it counts, where it leads; the line, the area under it, in words."""

    number: int
    words: str
    href: str
    points: str
    area: str
    says: str


def figure(number: int, words: str, href: str, values: Sequence[int]) -> Figure:
    """Give a figure whose line goes through the values, the oldest first."""
    line = drawn(values)
    says = _("From {first} to {last} an hour, at most {most}").format(
        first=values[0] if values else 0, last=values[-1] if values else 0, most=max(values, default=0)
    )
    return Figure(number, words, href, line, f"0,{HIGH} {line} {WIDE},{HIGH}", says)


def drawn(values: Sequence[int]) -> str:
    """Give the points of a line through values, from the left edge to the right."""
    most, steps = max(values, default=0) or 1, max(1, len(values) - 1)
    return " ".join(f"{WIDE * n / steps:.1f},{HIGH - HIGH * value / most:.1f}" for n, value in enumerate(values))
