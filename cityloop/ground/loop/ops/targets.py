"""Where a step leads: conditional targets, and the counters that bound every cycle."""

from cityloop.ground.loop.law import HIGHEST
from cityloop.ground.loop.ops.parts import own_part
from cityloop.ground.loop.run import Run


def count(run: Run, name: str) -> None:
    """Count one more passage of a cycle; past the maximum the centre holds the subject."""
    counter = run.definition.counters[name]
    key = f"{name}:{own_part(run).org}" if counter.per == "organisation" else name
    number = run.draft.counters.get(key, 0) + 1
    run.draft.counters[key] = number
    if number > counter.max and run.draft.held != HIGHEST:
        run.draft.held = counter.at_max


def resolve_target(run: Run, to: str) -> str:
    """Turn a conditional target into a state: '' to stay, '@back', or the name of a state."""
    mark, _, state = to.partition(":")
    if mark == "@stay":
        return ""
    if mark == "@back":
        return "@back"
    if mark == "@lead":
        part = run.draft.part(int(run.data.get("part") or 0))
        return state if part is not None and part.role == "lead" else ""
    if mark == "@done":
        return state if _all_done(run) else ""
    if mark == "@fixed":
        return state if run.draft.milestones else run.transition.action.else_to
    if mark == "@supervised":  # where supervision holds it already; while command does, it comes there anyway
        return state if run.definition.states[run.draft.state].track == "supervision" else ""
    if mark == "@parts":
        return state if run.draft.lead is not None else run.transition.action.else_to
    return ""


def _all_done(run: Run) -> bool:
    done = False
    for part in run.draft.parts:
        if part.state == "done":
            done = True
        elif part.state != "cancelled":
            return False
    return done
