"""Verbs of checking and closing, rating and the next round."""

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.run import Run


def propose(run: Run) -> None:
    """Propose how it shall be resolved."""
    run.draft.proposed = str(run.data["resolution"])


def settle(run: Run) -> None:
    """Take it for solved where nothing else was proposed."""
    run.draft.proposed = run.draft.proposed or "solved"


def ask_confirmation(run: Run) -> None:
    """Let the reporter confirm instead of an inspector."""
    run.draft.confirmable = True


def confirm(run: Run) -> None:
    """Confirm as the reporter who was asked."""
    if not run.draft.confirmable:
        raise Refusal("loop.confirm", "An inspector checks this case; your confirmation was not asked for.")
    settle(run)


def resolve(run: Run) -> None:
    """Fix the resolution."""
    run.draft.proposed = str(run.data.get("resolution") or run.draft.proposed or "solved")


def new_round(run: Run) -> None:
    """Begin the next round: parts, requests and clocks anew, the total goes on."""
    draft = run.draft
    draft.round += 1
    draft.parts, draft.requests = (), ()
    draft.proposed = draft.resolution = draft.rating = ""
    draft.confirmable = draft.adjusted = False
    draft.clocks = {k: v for k, v in draft.clocks.items() if k == "total"}


def rate(run: Run) -> None:
    """Rate, once a round."""
    if run.draft.rating:
        raise Refusal("loop.rated", "You have rated it already.")
    run.draft.rating = str(run.data["satisfied"])


def centre_decides(run: Run) -> None:
    """Let the centre decide a held subject; it goes on."""
    if not run.draft.held:
        raise Refusal("loop.not_held", "Nothing waits for a decision of the centre.")
    if run.actor.role not in (run.draft.held, "leader"):
        raise Refusal("loop.role", "This decision is for the {role}.", role=run.draft.held)
    run.draft.held = ""
