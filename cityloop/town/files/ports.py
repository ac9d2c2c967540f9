"""What this room needs answered by rooms above it."""

from typing import Protocol


class Reader(Protocol):
    """Says whether a scope may see a subject. Bound in `config/wiring.py`, one for each kind of subject:
    `queries.readers["case"] = ...` answers for `case:...`.
    """

    def __call__(self, subject: str, scope: object) -> bool: ...
