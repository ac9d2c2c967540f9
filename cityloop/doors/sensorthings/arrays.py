"""Data arrays: readings of datastreams as rows under named columns. The plain ones are read straight into columns."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import msgspec
import numpy as np

from cityloop.doors.sensorthings.errors import large
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.shapes import ready
from cityloop.loops.sensing.actions import ingesting
from cityloop.loops.sensing.actions.batches import EXACT, Batch, Columns, numbers
from cityloop.loops.sensing.rules import reasons
from cityloop.loops.sensing.rules.said import decoded
from cityloop.loops.sensing.rules.times import instants

MOST = 200_000  # readings in one data array
COLUMNS = ("phenomenonTime", "result", "resultTime", "resultQuality", "validTime", "parameters",
           "FeatureOfInterest/id", "FeatureOfInterest/@iot.id", "id", "@iot.id")  # fmt: skip
LONGEST = 200  # bytes of the id of a datastream
PLAIN = ["phenomenonTime", "result"]


class Named(msgspec.Struct, gc=False):
    """An entity named by its id."""

    id: Any = msgspec.field(name="@iot.id")


class Table(msgspec.Struct):
    """Readings of one datastream, as rows under named columns."""

    datastream: Named = msgspec.field(name="Datastream")
    components: list[str]
    rows: list[Any] = msgspec.field(name="dataArray")  # lists; what is none is held back alone


class PlainNamed(msgspec.Struct, gc=False):
    """A datastream named by its number."""

    id: int = msgspec.field(name="@iot.id")


class PlainTable(msgspec.Struct, gc=False):
    """Times and numbers of one datastream: what nearly all data arrays are."""

    datastream: PlainNamed = msgspec.field(name="Datastream")
    components: list[str]
    rows: list[tuple[str, float]] = msgspec.field(name="dataArray")


_plain_tables = msgspec.json.Decoder(list[PlainTable])
ready(list[Table])


def batch_of(body: bytes, at: int) -> Batch:
    """Read data arrays; refuse what are none."""
    return _plain(body) or _any(body, at)


def told(columns: Columns | None, reasons: dict[int, str], root: str) -> list[str]:
    """Give for each reading its address, or why it is not believed."""
    start = f"{root}/Observations('"
    found = [f"{start}{one}')" for one in columns.ids()] if columns else []
    for row, reason in reasons.items():
        found[row] = f"error: {ingesting.refusal(reason)}"
    return found


def _plain(body: bytes) -> Batch | None:
    """Read data arrays of times and numbers alone, without an object for each reading; None where they hold more."""
    try:
        tables = _plain_tables.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    lengths = [len(table.rows) for table in tables]
    if not sum(lengths) or any(table.components != PLAIN for table in tables):
        return None
    _bounded(sum(lengths))
    rows = list(chain.from_iterable(table.rows for table in tables))
    ids = [table.datastream.id for table in tables]
    read, result = instants([time for time, _value in rows]), np.array([value for _time, value in rows], np.float64)
    if read is None or np.abs(result).max() > EXACT or not all(0 <= one < 2**63 for one in ids):
        return None
    batch = Batch(_said(tables))
    batch.put(numbers(np.repeat(np.array(ids, np.int64), lengths), read, result))
    return batch


def _any(body: bytes, at: int) -> Batch:
    try:
        tables: list[Table] = decoded(body, list[Table])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Refusal("sensing.shape", "This cannot be read: {why}.", "body", why=str(error)[:300]) from error
    _bounded(sum(len(table.rows) for table in tables))
    batch = Batch(_said(tables))
    for table in tables:
        _fill(batch, table, at)
    return batch


def _bounded(number: int) -> None:
    if number > MOST:
        raise large()


def _said(tables: Sequence[Table | PlainTable]) -> Any:
    origin: list[tuple[Any, Any]] = []

    def said(row: int) -> dict[str, Any]:
        if not origin:
            origin.extend((table, one) for table in tables for one in table.rows)
        table, values = origin[row]
        return {"Datastream": table.datastream.id, "components": table.components, "row": values}

    return said


def _fill(batch: Batch, table: Table, now: int) -> None:
    names = table.components
    for name in names:
        if name not in COLUMNS:
            raise Refusal("sensing.components", "There is no component {name}.", "components", name=name[:60])
    _brief(table)
    if "result" not in names:
        raise Refusal("sensing.needed", "{name} is needed.", "components", name="result")
    width, stream = len(names), table.datastream.id
    time, result = _at(names, "phenomenonTime"), names.index("result")
    made = _at(names, "resultTime")
    feature = max(_at(names, "FeatureOfInterest/id"), _at(names, "FeatureOfInterest/@iot.id"))
    rest = [(names.index(n), key) for n, key in (("resultQuality", "quality"), ("parameters", "parameters"))
            if n in names]  # fmt: skip
    valid = _at(names, "validTime")
    for row in table.rows:
        if type(row) is not list or len(row) != width:
            batch.hold(stream, now, reasons.ROW)
            continue
        more = {key: row[i] for i, key in rest if row[i] not in (None, {})}
        if valid >= 0 and row[valid] is not None:
            try:
                more["valid"] = ingesting.lasting(row[valid])
            except Refusal:
                batch.hold(stream, now, reasons.TIME)
                continue
        batch.add(
            stream, now if time < 0 else ingesting.timed(row[time], now), row[result],
            made=None if made < 0 or row[made] is None else ingesting.timed(row[made], now),
            feature=0 if feature < 0 else row[feature], more=more,
        )  # fmt: skip


def _brief(table: Table) -> None:
    """Refuse what stands with each row of a table, and would be kept as often, and has no end."""
    names = table.components
    if len(set(names)) < len(names):
        raise Refusal("sensing.components", "A component stands here twice.", "components")
    if len(msgspec.json.encode(table.datastream.id)) > LONGEST:
        raise Refusal("sensing.components", "No datastream has so long an id.", "Datastream")


def _at(names: list[str], name: str) -> int:
    return names.index(name) if name in names else -1
