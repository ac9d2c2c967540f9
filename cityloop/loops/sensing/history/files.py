"""Files of the history: Parquet that any tool reads, sorted by datastream and time, in small groups of rows.

Times are timestamps in UTC there. The Parquet library is loaded when the first file is: most processes need none.
"""

import os
import secrets
from bisect import bisect_left
from pathlib import Path
from typing import Any

import numpy as np

from cityloop.loops.sensing.history.columns import SHAPES, Column, Readings, Sums, some, within
from cityloop.loops.sensing.history.spans import folder
from cityloop.loops.sensing.models import Part

GROUP = 8_192  # rows of a group: about what six datastreams say in a day of minutes
NAMES = {Part.READINGS: "day", Part.HOURS: "month", Part.DAYS: "year"}
_TIMES = ("time", "made")


class Broken(Exception):
    """A file that is not what was written; nothing was taken out of the database for it."""


def write(kind: str, observed_property: int, period: str, table: Any) -> tuple[str, int]:
    """Write a file, make it safe, read it back; give its name below the folder and its size."""
    import pyarrow.parquet as pq

    place = Path(kind) / f"property={observed_property}" / f"{NAMES[kind]}={period}"
    made, name = folder() / place, f"{secrets.token_hex(8)}.parquet"
    _make(made)
    arrow = _arrow(table)
    temporary = made / f".{name}"
    pq.write_table(
        arrow, temporary, compression="zstd", row_group_size=GROUP, use_dictionary=_repeating(arrow.column_names),
        column_encoding={"datastream": "DELTA_BINARY_PACKED", "time": "DELTA_BINARY_PACKED"},
    )  # fmt: skip
    _safe(temporary)
    temporary.replace(made / name)
    _safe(made)
    with pq.ParquetFile(made / name) as opened:
        same = opened.read().equals(arrow)
    if not same:
        raise Broken(f"{place / name} is not what was written")
    return str(place / name), (made / name).stat().st_size


def _repeating(names: list[str]) -> list[str]:
    return [name for name in names if name in ("lasts", "feature", "more", "number")]


def _make(place: Path) -> None:
    """Make a folder, and make safe that it is there."""
    if place.is_dir():
        return
    _make(place.parent)
    place.mkdir(mode=0o700, exist_ok=True)
    _safe(place.parent)


def _safe(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(
    kind: str, file: str, streams: Column | None = None, since: int | None = None, until: int | None = None
) -> Any:
    """Read a file: the readings of some datastreams (sorted) and of a time. Only groups that may hold them are read."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(folder() / file, memory_map=True) as opened:
        groups = _groups(opened.metadata, streams)
        table = opened.read_row_groups(groups, use_threads=len(groups) > 4)
    found = _numpy(SHAPES[kind], table)
    if streams is not None and len(streams) == 1:
        low, high = (int(np.searchsorted(found.datastream, streams[0], side)) for side in ("left", "right"))
        found, streams = some(found, slice(low, high)), None
    return within(found, streams, since, until)


def _groups(metadata: Any, streams: Column | None) -> list[int]:
    """Give the groups that may hold something of datastreams: both are sorted, so few have to be looked at."""
    number = metadata.num_row_groups
    if streams is None:
        return list(range(number))

    def told(group: int) -> Any:
        return metadata.row_group(group).column(0).statistics

    found, start = list[int](), bisect_left(range(number), int(streams[0]), key=lambda group: told(group).max)
    for group in range(start, number):
        low, high = told(group).min, told(group).max
        if low > streams[-1]:
            break
        at = int(np.searchsorted(streams, low))
        if at < len(streams) and streams[at] <= high:
            found.append(group)
    return found


def _arrow(table: Any) -> Any:
    import pyarrow as pa

    stamp, columns = pa.timestamp("us", "UTC"), dict[str, Any]()
    for name, column in table._asdict().items():
        if name == "has_made":
            continue
        if name == "made":
            columns[name] = pa.array(column, mask=~table.has_made).cast(stamp)
        elif name == "time":
            columns[name] = pa.array(column).cast(stamp)
        elif name == "feature":
            columns[name] = pa.array(column, mask=column == 0)
        elif name == "result":
            columns[name] = pa.array(column, mask=np.isnan(column))
        else:
            columns[name] = pa.array(column, pa.string() if name == "more" else None)
    return pa.table(columns)


def _numpy(shape: type[Readings] | type[Sums], table: Any) -> Any:
    found = {name: _column(name, table.column(name)) for name in table.column_names}
    if shape is Readings:
        found["has_made"] = table.column("made").is_valid().to_numpy()
    return shape(**found)


def _column(name: str, column: Any) -> Column:
    import pyarrow as pa

    if name in _TIMES:
        column = column.cast(pa.int64())
    if name in ("made", "feature"):
        column = column.fill_null(0)
    if name == "more" and column.null_count == len(column):
        return np.full(len(column), None, object)
    found: Column = column.to_numpy()
    return found
