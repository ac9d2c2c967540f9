"""Following a reform of units: a line of responsibility that names a unit names what became of it."""

from django.db import transaction

from cityloop.ground.loop.actor import Actor
from cityloop.town.catalog import actions, drafts
from cityloop.town.ledger.actions import move_cursor
from cityloop.town.ledger.queries import cursor
from cityloop.town.units.events import UnitsRenumbered

READER = "catalog.units"
BY = Actor(kind="rule", role="rule", name="reform of units")


@transaction.atomic
def follow(event: UnitsRenumbered) -> int:
    """Publish the catalogue with the lines that a reform touches; give how many there were. Told twice, done once.

    A line of a unit that became several becomes one for each. Where units with different lines became one, the line of
    the first of them holds, and the ledger says which others were left out.
    """
    now = actions.present(None)
    if cursor(READER) >= event.reform:
        return 0
    made, found = drafts.following(now, lambda code: became(event, code))
    if found.touched:
        out = ", ".join(f"{line.matter} {line.unit} {line.lead}" for line in found.out)
        actions.publish_content(made, BY, event.at, "followed_units", **({"left_out": out} if out else {}))
    move_cursor(READER, event.reform)
    return len(found.touched)


def became(event: UnitsRenumbered, code: str) -> tuple[str, ...]:
    """Give what a code is now; itself where the reform does not touch it."""
    return tuple(event.became.get(code) or (event.mapping.get(code, code),))
