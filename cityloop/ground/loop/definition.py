"""Loop definitions: data read from TOML, checked for shape, and compiled into a transition table.

The shape is typed with msgspec, unknown keys are refused: what a definition does not know it cannot
switch off. `compile_definition` applies a profile (optional stages off) and expands `@any`, `@open`
and the requests into plain transitions keyed by (state, action).
"""

import hashlib
import tomllib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.shapes import of_plain, ready
from cityloop.ground.loop.snapshot import Clock, Effect
from cityloop.ground.worktime import Limit, parse_limit

Words = dict[str, str]


class Role(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A role stands on one track; `counts_as` names the track its acts count for in the separation."""

    track: str | list[str]
    counts_as: str = ""
    names: Words = {}

    @property
    def tracks(self) -> list[str]:
        return [self.track] if isinstance(self.track, str) else list(self.track)


class Counter(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How often a cycle may be passed, and who must decide when it was."""

    max: int = 0
    at_max: str = ""
    per: str = ""


class Field(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One value an action takes."""

    type: str
    required: bool = False
    choices: list[str] = []
    names: Words = {}


class State(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where a subject can be, who holds it there, and the clock that runs.

    `keeps` names the state it was sent from whose stage clock waits meanwhile and goes on on the way back.
    """

    track: str = ""
    holder: str = ""
    clock: str = ""
    follows: str = ""
    optional: bool = False
    when_off: str = ""
    detour: bool = False
    end: bool = False
    on_due: str = ""
    keeps: str = ""
    tell: list[str] = []
    effects: list[str] = []
    names: Words = {}


class Action(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"from_": "from"}):
    """A declared way to move.

    `needs` names the action that comes first where the matter asks for the stage it leads to; `if_asked` the roles to
    which this one is open only where the matter asks for its stage (see `proof`). Of the fields in `either` people fill
    in at least one.
    """

    from_: list[str]
    to: str
    by: list[str]
    ops: list[str] = []
    fields: dict[str, Field] = {}
    counter: str = ""
    else_to: str = ""
    within: str = ""
    lead_only: bool = False
    holder_only: bool = False
    first_only: bool = False
    again_only: bool = False
    needs: str = ""
    if_asked: list[str] = []
    either: list[str] = []
    internal: bool = False
    tell: list[str] = []
    effects: list[str] = []
    names: Words = {}


class RequestKind(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"from_": "from"}):
    """A small loop beside the state: asked, then granted, refused, answered or lapsed."""

    by: list[str]
    decide: list[str]
    from_: list[str]
    about: str
    limit: str
    max: int
    counts: Literal["asked", "granted"] = "asked"
    answers: tuple[str, ...] = ("granted", "refused")
    pauses: str = ""
    to: str = ""
    counter: str = ""
    effect: str = ""
    only_before_due: bool = False
    lead_only: bool = False
    tell: list[str] = []
    fields: dict[str, Field] = {}
    names: Words = {}


class Profile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a city switches off, and how its urgent minutes run."""

    off: list[str] = []
    urgent_in_office_hours: bool = False


@ready
class Source(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A definition as written."""

    id: str
    version: int
    start: str
    roles: dict[str, Role]
    states: dict[str, State]
    actions: dict[str, Action]
    counters: dict[str, Counter] = {}
    requests: dict[str, RequestKind] = {}
    profiles: dict[str, Profile] = {}
    rework_minimum: str = ""
    names: Words = {}


class Transition(msgspec.Struct, frozen=True):
    """One row of the compiled table."""

    name: str
    action: Action
    by: frozenset[str]
    required: tuple[str, ...]
    to: str
    request: str = ""
    effects: tuple[Effect, ...] = ()
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    conditions: bool = False


DECIDE_FIELDS = {
    "request": Field(type="request", required=True),
    "answer": Field(type="choice", required=True, choices=["granted", "refused", "answered"]),
    "words": Field(type="words"),
}
CENTRE_FIELDS = {"words": Field(type="words", required=True)}


class Definition:
    """A compiled definition: what the engine reads. Immutable after construction."""

    def __init__(self, source: Source, profile: str, digest: str) -> None:
        self.source = source
        self.id = source.id
        self.version = source.version
        self.profile_name = profile
        self.profile = source.profiles.get(profile, Profile())
        self.digest = digest
        self.off = frozenset(self.profile.off)
        self.roles = source.roles
        self.states = {k: v for k, v in source.states.items() if k not in self.off}
        self.effects = {k: _effects(v.effects, v.tell) for k, v in self.states.items()}
        self.counters = source.counters
        self.requests = source.requests
        self.counts_as = {name: role.counts_as or role.tracks[0] for name, role in source.roles.items()}
        self.limits: dict[str, Limit] = _limits(source)
        self.part_roles = frozenset(r for a in source.actions.values() if "accept" in a.ops for r in a.by)
        self.made: tuple[Any, dict[tuple[str, str, bool], Clock]] = (None, {})  # see `clocks.make`
        self.table: dict[tuple[str, str], Transition] = {}
        for transition, states in _transitions(self):
            for state in states:
                self.table[state, transition.name] = transition

    def target(self, state: str) -> str:
        """Follow `when_off` until a state that is on."""
        seen = set()
        while state in self.off and state not in seen:
            seen.add(state)
            state = self.source.states[state].when_off
        return state

    def find(self, state: str, action: str) -> Transition | None:
        """Give the transition of `action` from `state`, or None."""
        return self.table.get((state, action))

    @cached_property
    def looked_at(self) -> frozenset[str]:
        """Give the states in which somebody named for it goes and looks."""
        named = (t.to for t in self.table.values() if "name_person" in t.action.ops)
        return frozenset(to for to in named if to in self.states)

    @cached_property
    def from_state(self) -> dict[str, list[Transition]]:
        """Transitions by the state they start from, in the order written."""
        found: dict[str, list[Transition]] = {}
        for (state, _), transition in self.table.items():
            found.setdefault(state, []).append(transition)
        return found

    def limit(self, text: str) -> Limit:
        """Parse a limit once and remember it."""
        found = self.limits.get(text)
        if found is None:
            found = self.limits[text] = parse_limit(text)
        return found


def _limits(source: Source) -> dict[str, Limit]:
    texts = [s.clock for s in source.states.values()] + [r.limit for r in source.requests.values()]
    texts += [a.within for a in source.actions.values()] + [source.rework_minimum]
    return {t: parse_limit(t) for t in texts if t and not t.startswith("@")}


def _expand(definition: Definition, states: Iterable[str]) -> list[str]:
    found: list[str] = []
    for state in states:
        if state == "@any":
            found += definition.states
        elif state == "@open":
            found += [k for k, v in definition.states.items() if not v.end]
        elif state in definition.states:
            found.append(state)
    return found


def _transitions(definition: Definition) -> list[tuple[Transition, list[str]]]:
    rows = []
    for name, action in definition.source.actions.items():
        if _is_off(definition, action):
            continue
        starts = [""] if name == definition.source.start else _expand(definition, action.from_)
        rows.append((_row(definition, name, action), starts))
    rows += [_ask(definition, name, kind) for name, kind in definition.requests.items()]
    if definition.requests:
        rows += _request_rows(definition)
    if definition.counters:
        rows.append(_centre_row(definition))
    return rows


def _is_off(definition: Definition, action: Action) -> bool:
    """An action into a switched-off stage that has no way round it goes with the stage."""
    return not action.to.startswith("@") and action.to not in _known(definition)


def _known(definition: Definition) -> set[str]:
    return {s for s in definition.source.states if definition.target(s) in definition.states}


def _row(definition: Definition, name: str, action: Action, request: str = "") -> Transition:
    to = action.to
    if to.startswith("@") and ":" in to:
        mark, state = to.split(":", 1)
        to = f"{mark}:{definition.target(state)}"
    elif not to.startswith("@"):
        to = definition.target(to)
    required = tuple(k for k, f in action.fields.items() if f.required)
    effects = _effects(action.effects, action.tell)
    choices = tuple((k, tuple(f.choices)) for k, f in action.fields.items() if f.choices)
    only = action.lead_only or action.holder_only or action.first_only or action.again_only
    conditions = only or bool(action.within)
    return Transition(name, action, frozenset(action.by), required, to, request, effects, choices, conditions)


def _effects(kinds: Iterable[str], tell: Iterable[str]) -> tuple[Effect, ...]:
    return (*(Effect(kind) for kind in kinds), *(Effect("tell", {"what": what}) for what in tell))


def _ask(definition: Definition, name: str, kind: RequestKind) -> tuple[Transition, list[str]]:
    action = Action(
        from_=kind.from_,
        to="@stay",
        by=kind.by,
        ops=["ask"],
        fields=kind.fields,
        lead_only=kind.lead_only,
        tell=kind.tell,
        names=kind.names,
    )
    return _row(definition, name, action, request=name), _expand(definition, kind.from_)


def _request_rows(definition: Definition) -> list[tuple[Transition, list[str]]]:
    everywhere = list(definition.states)
    persons = [r for r, role in definition.roles.items() if "system" not in role.tracks]
    decide = Action(from_=["@any"], to="@stay", by=persons, ops=["decide"], fields=DECIDE_FIELDS)
    lapse = Action(
        from_=["@any"],
        to="@stay",
        by=["clock"],
        ops=["lapse"],
        fields={"request": Field(type="request", required=True)},
    )
    return [(_row(definition, "decide", decide), everywhere), (_row(definition, "lapse", lapse), everywhere)]


def _centre_row(definition: Definition) -> tuple[Transition, list[str]]:
    deciders = sorted({c.at_max for c in definition.counters.values() if c.at_max})
    action = Action(from_=["@open"], to="@stay", by=deciders, ops=["centre_decides"], fields=CENTRE_FIELDS)
    return _row(definition, "let_go_on", action), _expand(definition, ["@open"])


def parse(text: str | bytes) -> Source:
    """Read a definition from TOML; a wrong shape is refused with the key that is wrong."""
    raw = text.decode() if isinstance(text, bytes) else text
    try:
        return of_plain(tomllib.loads(raw), Source)
    except tomllib.TOMLDecodeError as error:
        raise Refusal("loop.toml", "The file is not valid TOML: {error}", error=str(error)) from error
    except msgspec.ValidationError as error:
        raise Refusal("loop.shape", "The definition has a wrong shape: {error}", error=str(error)) from error


def compile_definition(text: str | bytes, profile: str = "full") -> Definition:
    """Read and compile a definition under a profile; the digest covers text and profile."""
    raw = text.encode() if isinstance(text, str) else text
    digest = hashlib.sha256(raw + b"\0" + profile.encode()).hexdigest()
    return Definition(parse(raw), profile, digest)


_shipped: dict[tuple[str, str], Definition] = {}


def shipped(name: str = "case", profile: str = "full") -> Definition:
    """Give a definition that comes with the kernel, compiled once a process."""
    key = (name, profile)
    if key not in _shipped:
        _shipped[key] = compile_definition(definition_file(name).read_bytes(), profile)
    return _shipped[key]


def definition_file(name: str) -> Path:
    """Give the path of a shipped definition; an unknown name is refused."""
    path = Path(__file__).parent / "definitions" / f"{name}.toml"
    if not name.replace("_", "").isalnum() or not path.is_file():
        raise Refusal("loop.unknown", "There is no loop called {name}.", field="name", name=name)
    return path


def either_of(definition: Definition, state: str, action: str) -> list[str]:
    """Name the fields of an action of which people fill in at least one; none where it is not open in a state."""
    transition = definition.find(state, action)
    return transition.action.either if transition is not None else []


def fields_of(transition: Transition) -> dict[str, Any]:
    """Give the JSON-ready description of an action's fields."""
    return {k: msgspec.to_builtins(f) for k, f in transition.action.fields.items()}
