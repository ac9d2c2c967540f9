"""Keys that stand in several rows of a file: only the last row of a key says how its case stands now."""

from array import array

import numpy as np


class Keys:
    """The keys of a file's rows, one after the other; as numbers, so that those of millions of rows can be held."""

    def __init__(self) -> None:
        self.seen = array("q")

    def add(self, key: str) -> None:
        """Note the key of the next row."""
        self.seen.append(hash(key))

    def last(self) -> dict[int, int]:
        """Give for each key that came more than once, as its hash, the number of the last row it came in."""
        found = np.frombuffer(self.seen, np.int64)
        order = np.argsort(found, kind="stable")
        same = np.diff(found[order]) == 0
        ends = np.flatnonzero(np.append(False, same) & ~np.append(same, False))
        return dict(zip(found[order[ends]].tolist(), (order[ends] + 1).tolist(), strict=True))
