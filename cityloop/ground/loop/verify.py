"""Proving what can be proved of a definition before it runs, naming each finding.

The graph has the states as nodes and the actions as edges; detours are expanded (`@back` leads to each
state from which the detour can be entered), requests and conditional targets add their edges.
"""

from collections.abc import Callable, Iterator

import msgspec

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop import ops
from cityloop.ground.loop.definition import Action, Definition, RequestKind, Source, State, compile_definition, parse
from cityloop.ground.loop.ops import requests
from cityloop.ground.worktime import parse_limit


class Finding(msgspec.Struct, frozen=True):
    """What is wrong, and where: `actions.pass`, `states.checking`."""

    code: str
    where: str
    message: str


class Edge(msgspec.Struct, frozen=True):
    """One way from a state to another."""

    source: str
    target: str
    action: str
    by: frozenset[str]
    counter: str
    start: bool = False


def verify_text(text: str | bytes) -> list[Finding]:
    """Verify a definition as written, under each of its profiles."""
    try:
        source = parse(text)
    except Refusal as refusal:
        return [Finding(refusal.code, "file", str(refusal))]
    found = list(_references(source))
    if found:
        return found
    profiles = list(source.profiles) or ["full"]
    for profile in profiles:
        for finding in verify(compile_definition(text, profile)):
            where = finding.where if profile == profiles[0] else f"profiles.{profile}: {finding.where}"
            if not any(f.code == finding.code and f.where == finding.where for f in found):
                found.append(msgspec.structs.replace(finding, where=where))
    return found


def verify(definition: Definition) -> list[Finding]:
    """Verify a compiled definition; an empty list proves it."""
    edges = list(_edges(definition))
    checks: list[Callable[[Definition, list[Edge]], Iterator[Finding]]] = [
        _tracks,
        _reachability,
        _waits,
        _detours,
        _cycles,
        _checking,
    ]
    return [finding for check in checks for finding in check(definition, edges)]


def edges_of(definition: Definition) -> list[Edge]:
    """Give every way from one state to another, each way back from a detour included; the start comes from ""."""
    return list(_edges(definition))


# --- references -----------------------------------------------------------------------------------


def _references(source: Source) -> Iterator[Finding]:
    if source.start not in source.actions:
        yield Finding("start.unknown", "start", f"There is no action {source.start}.")
    for name, action in source.actions.items():
        yield from _action_references(source, name, action)
    for name, kind in source.requests.items():
        yield from _request_references(source, name, kind)
    for name, state in source.states.items():
        yield from _state_references(source, name, state)
        yield from _limit(state.clock, f"states.{name}.clock")
    for name, counter in source.counters.items():
        if counter.max < 1:
            yield Finding("counter.no_maximum", f"counters.{name}", "A counter needs a maximum of at least 1.")
        if counter.at_max not in source.roles:
            yield Finding("counter.no_decider", f"counters.{name}", "Say which role decides at the maximum.")
    for profile_name, profile in source.profiles.items():
        for state_name in profile.off:
            if state_name not in source.states or not source.states[state_name].optional:
                where = f"profiles.{profile_name}.off"
                yield Finding("profile.not_optional", where, f"{state_name} is not an optional stage.")


def _action_references(source: Source, name: str, action: Action) -> Iterator[Finding]:
    where = f"actions.{name}"
    for state in action.from_:
        if state not in source.states and state not in ("@any", "@open"):
            yield Finding("state.unknown", where, f"There is no state {state}.")
    for target in (action.to.rpartition(":")[2], action.else_to):
        if target and target not in source.states and target not in ("@stay", "@back"):
            yield Finding("state.unknown", where, f"There is no state {target}.")
    yield from _roles(source, where, action.by)
    for op in action.ops:
        if op not in ops.TABLE:
            yield Finding("op.unknown", where, f"There is no operation {op}.")
    if action.counter and action.counter not in source.counters:
        yield Finding("counter.unknown", where, f"There is no counter {action.counter}.")
    if action.needs and not (first := source.actions.get(action.needs)):
        yield Finding("action.unknown", where, f"There is no action {action.needs}.")
    elif action.needs and first and not first.counter:
        yield Finding("counter.unknown", where, f"{action.needs} is not counted: nobody could tell that it was done.")
    yield from _roles(source, where, action.if_asked)
    for field in action.either:
        if field not in action.fields:
            yield Finding("field.unknown", where, f"There is no field {field}.")
    if action.within and not action.within.endswith(" d"):
        yield Finding("limit.shape", f"{where}.within", "Give it in natural days, such as 10 d.")
    yield from _limit(action.within, f"{where}.within")


def _request_references(source: Source, name: str, kind: RequestKind) -> Iterator[Finding]:
    where = f"requests.{name}"
    yield from _roles(source, where, [*kind.by, *(d for d in kind.decide if d != "@target")])
    for state in kind.from_:
        if state not in source.states:
            yield Finding("state.unknown", where, f"There is no state {state}.")
    if kind.to and kind.to not in source.states:
        yield Finding("state.unknown", where, f"There is no state {kind.to}.")
    if kind.effect and kind.effect not in requests.EFFECTS:
        yield Finding("op.unknown", where, f"There is no effect {kind.effect}.")
    if not kind.limit:
        yield Finding("wait.no_limit", where, "A request needs a limit.")
    if kind.max < 1:
        yield Finding("counter.no_maximum", where, "A request needs a maximum of at least 1.")
    if kind.counter and kind.counter not in source.counters:
        yield Finding("counter.unknown", where, f"There is no counter {kind.counter}.")
    yield from _limit(kind.limit, f"{where}.limit")


def _state_references(source: Source, name: str, state: State) -> Iterator[Finding]:
    where, holder, keeps = f"states.{name}", state.holder, state.keeps
    when_off, on_due = state.when_off, state.on_due
    if holder and not holder.startswith("@") and holder not in source.roles:
        yield Finding("role.unknown", where, f"There is no role {holder}.")
    if when_off and when_off not in source.states:
        yield Finding("state.unknown", where, f"There is no state {when_off}.")
    if keeps and keeps not in source.states:
        yield Finding("state.unknown", where, f"There is no state {keeps}.")
    if on_due and on_due not in source.actions:
        yield Finding("action.unknown", where, f"There is no action {on_due}.")


def _roles(source: Source, where: str, roles: list[str]) -> Iterator[Finding]:
    for role in roles:
        if role not in source.roles:
            yield Finding("role.unknown", where, f"There is no role {role}.")


def _limit(text: str, where: str) -> Iterator[Finding]:
    if text and not text.startswith("@"):
        try:
            parse_limit(text)
        except Refusal as refusal:
            yield Finding("limit.shape", where, str(refusal))


# --- the graph ------------------------------------------------------------------------------------


def _edges(definition: Definition) -> Iterator[Edge]:
    back = _back_targets(definition)
    for (state, name), transition in definition.table.items():
        for target in _targets(definition, state, transition.to, transition.action.else_to, back):
            if target != state:
                yield Edge(state, target, name, transition.by, transition.action.counter, start=state == "")
    for name, kind in definition.requests.items():
        if kind.to in definition.states:
            deciders = frozenset(kind.decide)
            for state in kind.from_:
                if state in definition.states:
                    yield Edge(state, kind.to, name, deciders, kind.counter)


def _targets(definition: Definition, state: str, to: str, else_to: str, back: dict[str, set[str]]) -> Iterator[str]:
    if to == "@back":
        yield from back.get(state, ())
    elif to != "@stay":
        target = to.rpartition(":")[2]
        if target in definition.states:
            yield target
    if else_to in definition.states:
        yield else_to


def _back_targets(definition: Definition) -> dict[str, set[str]]:
    """For each detour the states it can return to."""
    found: dict[str, set[str]] = {}
    for (state, _), transition in definition.table.items():
        to = transition.to.rpartition(":")[2]
        if to in definition.states and definition.states[to].detour and state:
            found.setdefault(to, set()).add(state)
    for kind in definition.requests.values():
        if kind.to in definition.states:
            found.setdefault(kind.to, set()).update(s for s in kind.from_ if s in definition.states)
    return found


def _reach(starts: set[str], edges: list[Edge], backwards: bool = False) -> set[str]:
    seen, todo = set(starts), list(starts)
    while todo:
        here = todo.pop()
        for edge in edges:
            source, target = (edge.target, edge.source) if backwards else (edge.source, edge.target)
            if source == here and target not in seen:
                seen.add(target)
                todo.append(target)
    return seen


def _tracks(definition: Definition, edges: list[Edge]) -> Iterator[Finding]:
    for name, role in definition.roles.items():
        if len(role.tracks) != 1:
            yield Finding("role.two_tracks", f"roles.{name}", f"{name} stands on {' and '.join(role.tracks)}.")
        for track in [*role.tracks, *([role.counts_as] if role.counts_as else [])]:
            if track not in ("supervision", "command", "centre", "outside", "system"):
                yield Finding("track.unknown", f"roles.{name}", f"There is no track {track}.")
        if role.counts_as and role.tracks[0] != "outside":
            yield Finding("role.two_tracks", f"roles.{name}", "Only an outside role may count for another track.")


def _reachability(definition: Definition, edges: list[Edge]) -> Iterator[Finding]:
    ends = {name for name, state in definition.states.items() if state.end}
    ending, begun = _reach(ends, edges, backwards=True), _reach({""}, edges)
    if not ends:
        yield Finding("state.no_end", "states", "No state is an end.")
    for name in definition.states:
        if name not in ending:
            yield Finding("state.dead_end", f"states.{name}", "No end can be reached from here.")
        if name not in begun and not definition.off:  # what a profile switches off may leave an end unused
            yield Finding("state.unreachable", f"states.{name}", "It can never be reached.")


def _waits(definition: Definition, edges: list[Edge]) -> Iterator[Finding]:
    for name, state in definition.states.items():
        if state.end:
            continue
        if not state.clock and not state.follows:
            yield Finding("wait.no_limit", f"states.{name}", "A wait needs a limit.")
        if not state.holder:
            yield Finding("state.no_holder", f"states.{name}", "Nobody answers for this state.")
        if not state.track:
            yield Finding("state.no_track", f"states.{name}", "Say on which track it stands.")


def _detours(definition: Definition, edges: list[Edge]) -> Iterator[Finding]:
    detours = {name for name, state in definition.states.items() if state.detour}
    for edge in edges:
        if edge.source in detours and edge.target in detours:
            yield Finding("detour.nested", f"actions.{edge.action}", f"{edge.target} would nest in {edge.source}.")
    for (state, name), transition in definition.table.items():
        if transition.to == "@back" and state not in detours:
            yield Finding("detour.back", f"actions.{name}", f"{state} is not a detour: there is no way back.")


def _cycles(definition: Definition, edges: list[Edge]) -> Iterator[Finding]:
    """Without the counted edges the graph must have no cycle."""
    free = [e for e in edges if not e.counter and not e.start]
    for state in definition.states:
        if state in _reach({e.target for e in free if e.source == state}, free):
            around = sorted(e.action for e in free if e.source == state and state in _reach({e.target}, free))
            names = ", ".join(around)
            yield Finding("cycle.unbounded", f"states.{state}", f"It can be passed without end through {names}.")
            return


def _checking(definition: Definition, edges: list[Edge]) -> Iterator[Finding]:
    """Check and close come only from supervision, once somebody has handled."""
    after = _reach({e.target for e in edges if e.action in _assigning(definition)}, edges)
    for edge in edges:
        state = definition.states.get(edge.source)
        if state is None or edge.source not in after or state.detour:
            continue
        wrong = sorted(r for r in edge.by if _track(definition, r) in ("command", "centre"))
        if not wrong:
            continue
        if definition.states[edge.target].end:
            yield Finding("close.not_supervision", f"actions.{edge.action}", f"Closing is open to {', '.join(wrong)}.")
        elif state.track == "supervision" and _is_check(definition, edges, edge.source):
            yield Finding("check.not_supervision", f"actions.{edge.action}", f"Checking is open to {', '.join(wrong)}.")
    yield from _unchecked(definition, edges)


def _track(definition: Definition, role: str) -> str:
    return definition.counts_as.get(role, "command" if role == "@target" else "")


def _assigning(definition: Definition) -> set[str]:
    return {n for n, a in definition.source.actions.items() if {"assign", "finish", "accept"} & set(a.ops)}


def _is_check(definition: Definition, edges: list[Edge], state: str) -> bool:
    """A supervised state that comes after handling: reached from a state where parts are worked on."""
    working = {n for n, s in definition.states.items() if s.holder == "@lead" and not s.detour}
    backs = {e.action for e in edges if e.counter}
    onward = [e for e in edges if e.action not in backs]
    return state in _reach(working, onward)


def _unchecked(definition: Definition, edges: list[Edge]) -> Iterator[Finding]:
    """After work began no end may be reached without a step of supervision (or the reporter's own)."""
    working = {n for n, s in definition.states.items() if s.clock == "@handling"}
    if not working:
        return
    tracks = {"supervision", "outside"}
    loose = [e for e in edges if not {_track(definition, r) for r in e.by} & tracks and not _by_system(definition, e)]
    for end in sorted(_reach(working, loose)):
        if definition.states[end].end:
            yield Finding("close.unchecked", f"states.{end}", "It can be reached from handling without a check.")


def _by_system(definition: Definition, edge: Edge) -> bool:
    return all(_track(definition, r) == "system" for r in edge.by)
