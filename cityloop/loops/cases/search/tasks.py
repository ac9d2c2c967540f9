"""The index follows the ledger."""

from cityloop.loops.cases.loop import LOOP
from cityloop.loops.cases.search import actions
from cityloop.town.ledger.actions import move_cursor
from cityloop.town.ledger.queries import after_offset, cursor

READER = "cases.search"
# Steps that may change a case's place or matter; any step with words may change what it is found by.
CHANGING = frozenset({"collect", "file", "split"})


def follow(most: int = 1_000) -> int:
    """Index the cases that the next steps on the ledger changed; say how many steps were read."""
    rows = list(after_offset(cursor(READER), most))
    touched = {
        int(row.subject.partition(":")[2])
        for row in rows
        if row.kind == LOOP and (row.what in CHANGING or '_id":' in row.inner)
    }
    if touched:
        actions.index(touched)
    if rows:
        move_cursor(READER, rows[-1].offset or 0)
    return len(rows)
