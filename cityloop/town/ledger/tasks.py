"""Sequencing and sealing, as the steward calls them."""

from cityloop.town.ledger.actions import sequence
from cityloop.town.ledger.sealing import seal_due


def sequence_and_seal() -> int:
    """Give offsets to new steps, then seal when it is time."""
    count = sequence()
    seal_due()
    return count
