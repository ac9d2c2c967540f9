"""Verbs of the intake: place, claim, limits, folding, codes."""

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop import clocks
from cityloop.ground.loop.ops.parts import change
from cityloop.ground.loop.run import Run
from cityloop.ground.loop.snapshot import Clock


def note_place(run: Run) -> None:
    """Take place, matter and level as the report gives them; the total clock begins."""
    draft = run.draft
    draft.matter = str(run.data.get("matter") or "")
    draft.unit = str(run.data.get("unit") or "")
    draft.level = int(run.data.get("level") or 0)
    draft.calendar = str(run.data.get("calendar") or draft.calendar)
    draft.catalogue = str(run.data.get("catalogue") or "")
    draft.clocks["total"] = Clock(0, "always", draft.calendar)
    draft.finder = run.actor.person if run.data.get("own") else 0


def claim(run: Run) -> None:
    """Take it out of the pool; refused where somebody has it."""
    if run.draft.person:
        raise Refusal("loop.claimed", "It is claimed already.")
    run.draft.person = run.actor.person


def release(run: Run) -> None:
    """Give it back to the pool: one's own, or as a superior of the pool anybody's."""
    check_release(run)
    run.draft.person = 0


def check_release(run: Run) -> None:
    """Refuse where nobody, or somebody else of the same pool, has it."""
    pool = run.actor.role == run.definition.states[run.draft.state].holder
    if not run.draft.person or (pool and run.draft.person != run.actor.person):
        raise Refusal("loop.not_claimed", "You have not claimed it.")


def renew(run: Run) -> None:
    """Let the clock of the state begin anew: somebody looked, and it stands as it stood."""
    text = run.definition.states[run.draft.state].clock
    made = clocks.make(run.definition, run.draft, text, run.worktime)
    run.draft.clocks["stage"] = clocks.start(made, run.at, run.worktime)


def name_person(run: Run) -> None:
    """Name who shall do the next thing."""
    person = int(run.data.get("inspector") or 0)
    if person:
        if run.draft.acted.get(person, "supervision") != "supervision":
            raise Refusal("law.named", "This person acted on the other side of this case.", field="inspector")
        if person in run.draft.checkers:
            raise Refusal("loop.checked", "Somebody else checks it again, not who passed it.", field="inspector")
        if person == run.draft.finder:
            raise Refusal("law.named", "This person reported it: somebody else goes and looks.", field="inspector")
        run.draft.person = person
        run.named = True


def fix(run: Run) -> None:
    """Fix matter, unit and limits at filing: later catalogues do not change them."""
    draft, data = run.draft, run.data
    milestones = data.get("milestones")
    if not milestones:
        raise Refusal("loop.limits", "The matter has no limits.", field="matter")
    draft.matter, draft.unit = str(data["matter"]), str(data["unit"])
    draft.catalogue = str(data.get("catalogue") or draft.catalogue)
    draft.urgent = bool(data.get("urgent"))
    draft.level = int(data.get("level") or 0)
    fixed = tuple((str(name), str(limit)) for name, limit in milestones)
    changed, draft.milestones = fixed != draft.milestones, fixed
    if changed and "handling" in draft.clocks:
        _relimit(run)


def _relimit(run: Run) -> None:
    """Bring what was begun under another matter to the new limits; the time used stays used."""
    draft = run.draft
    made = clocks.make(run.definition, draft, draft.milestones[-1][1], run.worktime)
    draft.clocks = {k: v for k, v in draft.clocks.items() if not k.startswith("milestone:")}
    draft.clocks["handling"] = clocks.relimit(draft.clocks["handling"], made)
    draft.parts = tuple(
        change(
            part,
            clock=clocks.relimit(part.clock, made),
            original=made.limit,
            whole=clocks.relimit(part.whole, made) if part.whole else None,
        )
        for part in draft.parts
    )


def fold(run: Run) -> None:
    """Follow a main case."""
    into = int(run.data["into"])
    run.draft.into = into


def unfold(run: Run) -> None:
    """Go one's own way again."""
    run.draft.into = 0
    run.draft.proposed = ""


def split(run: Run) -> None:
    """Remember for good that it has children: who acted there counts here."""
    run.draft.split = True


def renumber(run: Run) -> None:
    """Take a new unit code after a reform."""
    run.draft.unit = str(run.data["unit"])


def pin(run: Run) -> None:
    """Take a newer definition or catalogue, on the ledger."""
    run.draft.definition = str(run.data.get("definition") or run.draft.definition)
    run.draft.catalogue = str(run.data.get("catalogue") or run.draft.catalogue)
