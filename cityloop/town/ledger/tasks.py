"""Sequencing and sealing, as the steward calls them."""

import time

from cityloop.town.ledger.actions import sequence
from cityloop.town.ledger.sealing import seal_due

LOOK = 2.0  # seconds; what an import wrote has its offsets already
_looked = float("-inf")


def sequence_and_seal() -> int:
    """Give offsets to new steps, then seal when it is time. Where nothing came, one query."""
    global _looked
    count = sequence()
    if count or time.monotonic() - _looked >= LOOK:
        _looked = time.monotonic()
        seal_due()
    return count
