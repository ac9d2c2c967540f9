"""Verbs of checking and closing, rating and the next round."""

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.law import HIGHEST
from cityloop.ground.loop.ops.parts import reopen_parts
from cityloop.ground.loop.ops.requests import lapse_requests
from cityloop.ground.loop.run import Run
from cityloop.ground.loop.snapshot import Request


def propose(run: Run) -> None:
    """Propose how it shall be resolved."""
    run.draft.proposed = str(run.data["resolution"])


def settle(run: Run) -> None:
    """Take it for solved where nothing else was proposed."""
    run.draft.proposed = run.draft.proposed or "solved"


def passed(run: Run) -> None:
    """Pass the check; who did so does not check it again, and answers the reporter who says that it is not fixed."""
    if run.actor.person in run.draft.checkers:
        raise Refusal("loop.checked", "Somebody else checks it again, not who passed it.")
    if run.draft.disputed and not run.data.get("words"):
        raise Refusal("loop.disputed", "The reporter says that it is not fixed: write what you found.", field="words")
    run.draft.disputed = False
    run.draft.checkers = (*run.draft.checkers, run.actor.person)
    settle(run)


def ask_confirmation(run: Run) -> None:
    """Let the reporter confirm instead of an inspector."""
    run.draft.confirmable = True


def confirm(run: Run) -> None:
    """Confirm as the reporter who was asked."""
    if not run.draft.confirmable:
        raise Refusal("loop.confirm", "An inspector checks this case; your confirmation was not asked for.")
    run.draft.disputed = False
    settle(run)


def dispute(run: Run) -> None:
    """Say as the reporter that it is not fixed: whoever checks has to answer that, and a passed check is made again.

    A reporter who was asked to confirm stands in the inspector's place: then the work is done again.
    """
    check_dispute(run)
    if run.draft.confirmable:
        reopen_parts(run)
        run.target = "@parts:handling"
        return
    run.draft.disputed = True


def check_dispute(run: Run) -> None:
    """Refuse to say again what nobody has answered yet: saying it thrice would stop the case."""
    if run.draft.disputed:
        raise Refusal("loop.dispute.waiting", "You have said so already; whoever checks must answer you first.")


def resolve(run: Run) -> None:
    """Fix the resolution."""
    run.draft.proposed = str(run.data.get("resolution") or run.draft.proposed or "solved")


def new_round(run: Run) -> None:
    """Begin the next round: parts, requests and clocks anew, the total goes on."""
    draft = run.draft
    draft.round += 1
    draft.parts, draft.requests = (), _after_the_end(run)
    draft.checkers, draft.into = (), 0
    draft.proposed = draft.resolution = draft.rating = ""
    draft.confirmable = draft.adjusted = draft.disputed = False
    draft.clocks = {k: v for k, v in draft.clocks.items() if k == "total"}


def _after_the_end(run: Run) -> tuple[Request, ...]:
    """Give the requests asked of an ended subject, such as its one appeal; open ones lapse with the reopening."""
    ends = {name for name, state in run.definition.states.items() if state.end}
    lapse_requests(run)
    return tuple(r for r in run.draft.requests if ends & set(run.definition.requests[r.kind].from_))


def rate(run: Run) -> None:
    """Rate, once a round."""
    if run.draft.rating:
        raise Refusal("loop.rated", "You have rated it already.")
    run.draft.rating = str(run.data["satisfied"])


def centre_decides(run: Run) -> None:
    """Let the centre decide a held subject; it goes on."""
    if not run.draft.held:
        raise Refusal("loop.not_held", "Nothing waits for a decision of the centre.")
    if run.actor.role not in (run.draft.held, HIGHEST):
        raise Refusal("loop.role", "This decision is for the {role}.", role=run.draft.held)
    run.draft.held = ""
