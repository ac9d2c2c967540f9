"""What this room needs answered by rooms above it."""

from collections.abc import Mapping
from typing import Protocol


class Organisations(Protocol):
    """Gives the id of each open organisation by every word a file may call it by: its key, its names, folded.

    Bound in `config/wiring.py`. Components lie below the organisations and keep their ids as plain numbers.
    """

    def __call__(self) -> Mapping[str, int]: ...
