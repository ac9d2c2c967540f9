"""What sensing tells other rooms."""

from typing import NamedTuple

from cityloop.loops.sensing.actions.writing import Rows


class ReadingsKept(NamedTuple):
    """Readings were kept that were not there before. Told by the process that wrote them, right after the commit."""

    rows: Rows
