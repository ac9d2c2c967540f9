"""What a wall shows, in what order, how long and where: all of it stands in the address, which can be bookmarked.

`/wall/?show=city,40&show=cases,30,360101&show=sensing,30&within=95&over=1`: each `show` is a view, its seconds, its
area; `within` and `over` are the targets of the house; `at` is the place of the view that is shown, and `hold=1`
keeps it there.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from cityloop.doors.web.show import names
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.town.units import queries as units

CITY, CASES, SENSING = "city", "cases", "sensing"
MOST = 8
SHORTEST, LONGEST, USUAL = 10, 3600, 40


@dataclass(frozen=True, slots=True)
class Turn:
    """A view in the order of a wall; `unit` "" is the whole city."""

    kind: str
    seconds: int
    unit: str = ""

    def told(self) -> str:
        """Give the view as the address says it."""
        return f"{self.kind},{self.seconds}" + (f",{self.unit}" if self.unit else "")


@dataclass(frozen=True, slots=True)
class Wall:
    """What an address asks for: the views in their order, which of them, whether it is held, and the targets."""

    turns: tuple[Turn, ...]
    at: int = 0
    held: bool = False
    within: int | None = None
    over: int | None = None

    @property
    def turn(self) -> Turn:
        """The view that is shown."""
        return self.turns[self.at]

    def address(self, at: int | None = None, *, held: bool | None = None, to: str = "wall:home") -> str:
        """Give the address of the same wall at another view, held or let go."""
        said: list[tuple[str, str]] = [("show", turn.told()) for turn in self.turns]
        said += [
            (name, str(value)) for name, value in (("within", self.within), ("over", self.over)) if value is not None
        ]
        where = (self.at if at is None else at) % len(self.turns)
        said += [("at", str(where))] if where else []
        said += [("hold", "1")] if (self.held if held is None else held) else []
        return f"{reverse(to)}?{urlencode(said, safe=',')}"


def kinds() -> dict[str, str]:
    """Name the views there are."""
    return {CITY: _("Open cases"), CASES: _("Overdue cases"), SENSING: _("Instruments and alarms")}


def usual(*, instruments: bool) -> tuple[Turn, ...]:
    """Give what a wall shows that nobody has composed."""
    both = (Turn(CITY, USUAL), Turn(CASES, USUAL))
    return (*both, Turn(SENSING, USUAL)) if instruments else both


def read(query: QueryDict) -> Wall | None:
    """Read an address, None where it names no view.

    A view that cannot be read is left out: after a reform of the units a screen goes on showing the others.
    """
    turns = tuple(turn for text in query.getlist("show")[:MOST] if (turn := _turn(text)) is not None)
    if not turns:
        return None
    at = natural(query.get("at", "")) or 0
    return Wall(
        turns,
        at % len(turns),
        bool(query.get("hold")),
        percent(query.get("within", "")),
        percent(query.get("over", "")),
    )


def _turn(text: str) -> Turn | None:
    kind, _comma, rest = text[:80].partition(",")
    stay, _comma, unit = rest.partition(",")
    try:
        return turn(kind, stay, unit)
    except Refusal:
        return None


def turn(kind: str, stay: str, unit: str) -> Turn:
    """Give a view as it is asked for; refuse what there is not, by the field of the form that asks."""
    if kind not in kinds():
        raise Refusal("wall.view", "There is no such view. Choose one of the list.", field="view")
    seconds = natural(stay)
    if seconds is None or not SHORTEST <= seconds <= LONGEST:
        raise Refusal(
            "wall.stay", "Give whole seconds from {least} to {most}.", field="stay", least=SHORTEST, most=LONGEST
        )
    if unit and not _known(unit):
        raise Refusal("wall.area", "There is no such unit.", field="area")
    return Turn(kind, seconds, unit)


def _known(unit: str) -> bool:
    """Tell whether there is such a unit below the city. No query once it was asked."""
    try:
        return [code for code, _names in names.path(unit)][-1:] == [unit]
    except Refusal:
        return False


def root() -> str:
    """Give the code of the city itself. No query once it is known."""
    return _root(units.city().units_version)


@functools.lru_cache(maxsize=8)
def _root(version: str) -> str:
    """Kept per version of the units: a reform makes a new one."""
    return units.root().code


def percent(text: str) -> int | None:
    """Read a target in percent; None for none."""
    found = natural(text)
    return found if found is not None and found <= 100 else None


def composed(query: QueryDict) -> tuple[tuple[Turn, ...], list[tuple[int, Refusal]]]:
    """Read the rows of the form: the views that are asked for, and what is wrong in which row."""
    rows = zip(*(query.getlist(name)[:MOST] for name in ("view", "stay", "area")), strict=False)
    turns, wrong = list[Turn](), list[tuple[int, Refusal]]()
    for number, (kind, stay, unit) in enumerate(rows):
        if not kind:
            continue
        try:
            turns.append(turn(kind, stay.strip(), unit.strip()[:40]))
        except Refusal as refusal:
            wrong.append((number, refusal))
    return tuple(turns), wrong


def area(turn: Turn, city: str) -> str:
    """Name the area of a view."""
    path = names.path(turn.unit) if turn.unit else []
    return names.words(path[-1][1]) if path else city


def titles(turns: Iterable[Turn], city: str) -> list[str]:
    """Name each view of a wall: what it shows, and its area where that is not the city."""
    return [f"{area(turn, city)} · {kinds()[turn.kind]}" if turn.unit else kinds()[turn.kind] for turn in turns]
