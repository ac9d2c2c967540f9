"""Taking cases out of the house as a file: who did, with which filters, stands on the ledger."""

from django.db import transaction

from cityloop.ground.loop.actor import Actor
from cityloop.town.ledger.actions import record


@transaction.atomic
def note_export(*, by: Actor, at: int, kind: str, filters: list[str]) -> None:
    """Note that somebody took a list as a file of this kind, narrowed by filters of these names."""
    record(subject=f"export:{by.post}", kind="export", what=kind, by=by, at=at, data={"filters": filters})
