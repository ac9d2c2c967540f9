"""What this room needs answered by rooms above it."""

from typing import Any, Protocol


class Steps(Protocol):
    """Gives the steps after an offset that a scope may see, as (offset, facts), and the last offset looked at.

    Bound in `config/wiring.py`: `PORTS[Steps] = cases.stream.told_steps`. Facts are `number`, `seq`, `what`,
    `from`, `to`, `at` (an instant), `unit` and `due`.
    """

    def __call__(self, scope: Any, after: int, most: int) -> tuple[int, list[tuple[int, dict[str, Any]]]]: ...
