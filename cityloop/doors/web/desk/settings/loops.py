"""Loops at the desk: drawn from the definition, with what the verifier finds and every way in a table."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from cityloop.doors.web.desk.settings.diagram import HIGH, WIDE, Diagram
from cityloop.doors.web.desk.settings.diagram import draw as drawn
from cityloop.doors.web.desk.settings.guards import draw, settings_page
from cityloop.doors.web.show import names
from cityloop.doors.web.show.myself import role
from cityloop.doors.web.show.times import brief, limit
from cityloop.ground.loop.definition import Definition, State
from cityloop.ground.loop.verify import Finding, edges_of, verify
from cityloop.loops.cases import loop as cases
from cityloop.loops.sensing import loop as alarms

LINE = 16  # letters that fit in a box
LOOPS = {cases.LOOP: cases.present, alarms.LOOP: alarms.present}


@dataclass(frozen=True, slots=True)
class Row:
    """A state in the table: who holds it, how long, and where each action leads."""

    key: str
    name: str
    lane: str
    holder: str
    clock: str
    kind: str
    ways: list[tuple[str, str, str]]


@settings_page
def listed(request: HttpRequest) -> HttpResponse:
    """List the loops that run in this city."""
    present = [(key, now()) for key, now in LOOPS.items()]
    return draw(request, "loops", "loops", {"rows": [(key, title(now), now, len(proved(now))) for key, now in present]})


@settings_page
def one(request: HttpRequest, key: str) -> HttpResponse:
    """Draw a loop, prove it, and list its states."""
    if key not in LOOPS:
        raise Http404
    now = LOOPS[key]()
    context = {
        "definition": now, "title": title(now), "profile": profile(now), "findings": proved(now),
        "picture": picture(drawn(now), now), "rows": table(now), "counters": counters(now),
        "requests": requests(now), "wide": WIDE, "height": HIGH,
    }  # fmt: skip
    return draw(request, "loop", "loops", context)


@lru_cache(maxsize=8)
def _proved(digest: str, definition: Definition) -> tuple[Finding, ...]:
    return tuple(verify(definition))


def proved(definition: Definition) -> tuple[Finding, ...]:
    """Give what the verifier finds; proved once for each definition."""
    return _proved(definition.digest, definition)


def title(definition: Definition) -> str:
    """Name a loop."""
    return names.words(definition.source.names) or definition.id


def profile(definition: Definition) -> str:
    """Name the profile a city runs."""
    return {"small_town": _("small town"), "full": _("full")}.get(definition.profile_name, definition.profile_name)


def picture(made: Diagram, definition: Definition) -> dict[str, Any]:
    """Give the drawing with its words."""
    lanes = {
        "supervision": _("Supervision"), "command": _("Command"), "outside": _("Outside"), "end": _("End"),
    }  # fmt: skip
    return {
        "wide": made.wide,
        "high": made.high,
        "lanes": [(lane, lanes[lane.key]) for lane in made.lanes],
        "boxes": [(box, lines_in(names.state(definition, box.key), box.middle)) for box in made.boxes],
        "arrows": [
            (arrow, _("{source} → {target}: {actions}").format(
                source=names.state(definition, arrow.source), target=names.state(definition, arrow.target),
                actions=names.listed(names.action(definition, action) for action in arrow.actions)))
            for arrow in made.arrows
        ],
    }  # fmt: skip


def lines_in(words: str, middle: tuple[int, int]) -> list[tuple[int, int, str]]:
    """Give the words of a box in one line or two, each with where it stands."""
    x, y = middle
    if len(words) <= LINE or " " not in words:
        return [(x, y + 5, words)]
    cut = min((at for at, letter in enumerate(words) if letter == " "), key=lambda at: abs(at - len(words) / 2))
    return [(x, y - 3, words[:cut]), (x, y + 13, words[cut + 1 :])]


def table(definition: Definition) -> list[Row]:
    """Give every state with its ways out."""
    ways: dict[str, dict[tuple[str, str], set[str]]] = {}
    for edge in edges_of(definition):
        ways.setdefault(edge.source, {}).setdefault((edge.action, edge.target), set()).update(edge.by)
    return [_row(definition, key, state, ways.get(key, {})) for key, state in definition.states.items()]


def _row(definition: Definition, key: str, state: State, ways: dict[tuple[str, str], set[str]]) -> Row:
    out = [
        (names.action(definition, action), names.state(definition, target), names.listed(sorted(map(role, by))))
        for (action, target), by in ways.items()
    ]
    kinds = [_("end")] * state.end + [_("detour")] * state.detour + [_("optional")] * state.optional
    lane = {"supervision": _("Supervision"), "command": _("Command")}.get(state.track, _("Outside"))
    return Row(key, names.state(definition, key), lane, holder(state), clock(state), names.listed(kinds), out)


def holder(state: State) -> str:
    """Say who holds a state."""
    marks = {"@lead": _("the lead organisation"), "@main": _("the main case")}
    return marks.get(state.holder) or (role(state.holder) if state.holder else "")


def clock(state: State) -> str:
    """Say which clock runs in a state."""
    marks = {"@handling": _("the limit of the matter"), "@until": _("its own end date")}
    return marks.get(state.clock) or (brief(state.clock) if state.clock else "")


def counters(definition: Definition) -> list[tuple[str, int, str]]:
    """Give how often each round may be gone, and who decides then."""
    said = definition.source.actions
    return [
        (
            names.listed(names.words(a.names) for a in said.values() if a.counter == key) or key,
            counter.max,
            role(counter.at_max),
        )
        for key, counter in definition.counters.items()
    ]


def requests(definition: Definition) -> list[tuple[str, str, str, str, int]]:
    """Give the requests: who asks, who decides, within what time, how often."""
    marks = {"@target": _("the organisation asked")}
    return [
        (names.words(kind.names), names.listed(map(role, kind.by)),
         " → ".join(marks.get(who) or role(who) for who in kind.decide), limit(kind.limit), kind.max)
        for kind in definition.requests.values()
    ]  # fmt: skip
