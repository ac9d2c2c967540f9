"""What this room needs answered by rooms above it."""

from typing import Any, Protocol


class Reader(Protocol):
    """Says whether a scope may see a subject.

    Bound in `config/wiring.py` by kind of subject: `PORTS[Reader] = {"case": cases.queries.may_see}` answers for
    `case:17`. A kind that nobody answers for is read by nobody.
    """

    def __call__(self, subject: str, scope: Any) -> bool: ...
