"""Drawing a loop from its definition: states in the lanes of their tracks, ways between them as arrows.

A state stands in the lane of its track, one column after the last of those written before it that lead to it.
Nothing here knows any loop.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cityloop.ground.loop.definition import Definition
from cityloop.ground.loop.verify import Edge, edges_of

WIDE, HIGH, ACROSS, DOWN = 124, 44, 160, 68
LEFT, TOP = 96, 16
LANES = ("supervision", "command", "outside", "end")


@dataclass(frozen=True, slots=True)
class Box:
    """A state as drawn."""

    key: str
    x: int
    y: int
    kind: str

    @property
    def middle(self) -> tuple[int, int]:
        """Give where its words stand."""
        return self.x + WIDE // 2, self.y + HIGH // 2


@dataclass(frozen=True, slots=True)
class Arrow:
    """All ways from one state to another, as one line: `main` where it leads on, not back or aside."""

    source: str
    target: str
    path: str
    actions: tuple[str, ...]
    main: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """The strip of one track."""

    key: str
    y: int
    high: int


@dataclass(frozen=True, slots=True)
class Diagram:
    """A whole drawing, in units of pixels."""

    wide: int
    high: int
    lanes: list[Lane]
    boxes: list[Box]
    arrows: list[Arrow]


def draw(definition: Definition) -> Diagram:
    """Lay a definition out."""
    edges = [edge for edge in edges_of(definition) if not edge.start]
    columns = _columns(definition, edges)
    rows: dict[tuple[str, int], list[str]] = {}
    for key in definition.states:
        rows.setdefault((_lane(definition, key), columns.get(key, 0)), []).append(key)
    lanes, boxes, y = [], {}, TOP
    for lane in LANES:
        stacks = {column: keys for (name, column), keys in rows.items() if name == lane}
        if not stacks:
            continue
        high = max(map(len, stacks.values())) * DOWN + 12
        lanes.append(Lane(lane, y, high))
        for column, keys in stacks.items():
            for n, key in enumerate(keys):
                boxes[key] = Box(key, LEFT + column * ACROSS, y + 18 + n * DOWN, _kind(definition, key))
        y += high + 8
    wide = LEFT + (max(columns.values(), default=0) + 1) * ACROSS
    return Diagram(wide, y + 8, lanes, list(boxes.values()), list(_arrows(edges, boxes, columns)))


def _lane(definition: Definition, key: str) -> str:
    state = definition.states[key]
    if state.end:
        return "end"
    return state.track if state.track in LANES else "outside"


def _kind(definition: Definition, key: str) -> str:
    state = definition.states[key]
    return "end" if state.end else "detour" if state.detour else "optional" if state.optional else "usual"


def _columns(definition: Definition, edges: Iterable[Edge]) -> dict[str, int]:
    """Give each state its column. What a definition writes later comes later: what leads against that leads back."""
    order = {key: n for n, key in enumerate(definition.states)}
    before: dict[str, list[str]] = {}
    for edge in edges:
        if order[edge.source] < order[edge.target] and not definition.states[edge.source].detour:
            before.setdefault(edge.target, []).append(edge.source)
    found: dict[str, int] = {}
    for key in definition.states:
        found[key] = max((found[source] + 1 for source in before.get(key, ())), default=0)
    return found


def _arrows(edges: Iterable[Edge], boxes: dict[str, Box], columns: dict[str, int]) -> Iterable[Arrow]:
    ways: dict[tuple[str, str], list[str]] = {}
    for edge in edges:
        if edge.source in boxes and edge.target in boxes:
            ways.setdefault((edge.source, edge.target), []).append(edge.action)
    for (source, target), actions in ways.items():
        named = tuple(dict.fromkeys(actions))
        on = columns.get(target, 0) > columns.get(source, 0) and boxes[target].kind in ("usual", "optional", "end")
        yield Arrow(source, target, _path(boxes[source], boxes[target]), named, on)


def _path(one: Box, other: Box) -> str:
    """Give the curve from the nearer side of one box to the nearer side of the other."""
    if one.x == other.x:
        down = other.y > one.y
        x, a, b = one.x + WIDE // 2, one.y + (HIGH if down else 0), other.y + (0 if down else HIGH)
        bend = 26 if down else -26
        return f"M{x + bend // 2},{a} C{x + bend},{(a + b) // 2} {x + bend},{(a + b) // 2} {x + bend // 2},{b}"
    on = other.x > one.x
    shift = -6 if on else 8
    a, b = one.x + (WIDE if on else 0), other.x + (0 if on else WIDE)
    ya, yb = one.y + HIGH // 2 + shift, other.y + HIGH // 2 + shift
    half = max(28, abs(b - a) // 2) * (1 if on else -1)
    return f"M{a},{ya} C{a + half},{ya} {b - half},{yb} {b},{yb}"
