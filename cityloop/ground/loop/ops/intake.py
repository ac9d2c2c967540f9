"""Verbs of the intake: place, claim, limits, folding, codes."""

from cityloop.ground.kit.refusal import Refusal
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


def claim(run: Run) -> None:
    """Take it out of the pool; refused where somebody else has it."""
    if run.draft.person and run.draft.person != run.actor.person:
        raise Refusal("loop.claimed", "Somebody else has claimed it.")
    run.draft.person = run.actor.person


def release(run: Run) -> None:
    """Give it back to the pool."""
    if run.draft.person != run.actor.person:
        raise Refusal("loop.not_claimed", "You have not claimed it.")
    run.draft.person = 0


def name_person(run: Run) -> None:
    """Name who shall do the next thing."""
    person = int(run.data.get("inspector") or 0)
    if person:
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
    draft.milestones = tuple((str(name), str(limit)) for name, limit in milestones)


def fold(run: Run) -> None:
    """Follow a main case."""
    into = int(run.data["into"])
    run.draft.into = into


def unfold(run: Run) -> None:
    """Go one's own way again."""
    run.draft.into = 0
    run.draft.proposed = ""


def renumber(run: Run) -> None:
    """Take a new unit code after a reform."""
    run.draft.unit = str(run.data["unit"])


def pin(run: Run) -> None:
    """Take a newer definition or catalogue, on the ledger."""
    run.draft.definition = str(run.data.get("definition") or run.draft.definition)
    run.draft.catalogue = str(run.data.get("catalogue") or run.draft.catalogue)
