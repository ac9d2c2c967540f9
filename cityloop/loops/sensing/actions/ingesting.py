"""Taking readings in: what can be believed is kept once, the rest goes to the quarantine with the reason.

received = accepted + repeated + quarantined, always, and in one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from django.db import IntegrityError, connection, transaction
from msgspec import UNSET

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.loops.sensing.actions import placing
from cityloop.loops.sensing.actions.batches import NOT_NUMBERS, Batch
from cityloop.loops.sensing.actions.writing import Rows, encode, insert, keep_latest, there
from cityloop.loops.sensing.models import Datastream, FeatureOfInterest
from cityloop.loops.sensing.rules import keys, reasons
from cityloop.loops.sensing.rules.said import ObservationSaid
from cityloop.loops.sensing.rules.times import moment
from cityloop.town.tabular.writing import write

RETRIES = 5
LONGEST = 20_000  # characters of a quarantined reading
ACCEPTED, REPEATED, QUARANTINED = range(3)


@dataclass
class Tally:
    """What became of readings: received = accepted + repeated + quarantined."""

    received: int = 0
    accepted: int = 0
    repeated: int = 0
    quarantined: int = 0

    def told(self) -> dict[str, int]:
        """Give it as plain data."""
        return asdict(self)


class Taken(NamedTuple):
    """What became of each reading of a batch, in its order; `reasons` says why, of those in quarantine."""

    tally: Tally
    became: list[int]
    reasons: dict[int, str]
    batch: Batch

    @property
    def ids(self) -> list[str]:
        """Give the id of each reading."""
        batch = self.batch
        return [keys.written(*key) for key in zip(batch.datastream, batch.time, batch.lasts, strict=True)]


class Stream(NamedTuple):
    """What a datastream asks of its readings."""

    wants: int
    least: float
    most: float
    unit: str
    feature: int


@transaction.atomic
def ingest(*, batch: Batch, source: str, by: Actor, at: int) -> Taken:
    """Take a batch in. `at` is the present of the city, `source` says where the readings came from."""
    if not batch.time:
        return Taken(Tally(), [], {}, batch)
    streams = streams_of(batch.datastream)
    _fill_features(batch, streams)
    why = _judged(batch, streams, at)
    rows, places = _sorted(batch, why)
    became = np.full(len(batch.time), ACCEPTED, np.int8)
    became[why != ""] = QUARANTINED
    rows, places = _once(rows, places, became, why)
    for _ in range(RETRIES):
        if _written(rows):
            break
        rows, places = _without(rows, places, became, why)
    else:
        raise Refusal("sensing.busy", "Others write the same readings just now; send them again in a little while.")
    keep_latest(rows)
    found = {int(i): str(why[i]) for i in np.flatnonzero(became == QUARANTINED)}
    _quarantine(batch, found, source or by.name, at)
    counts = np.bincount(became, minlength=3).tolist()
    return Taken(Tally(len(batch.time), *counts), became.tolist(), found, batch)


def streams_of(ids: Sequence[int]) -> dict[int, Stream]:
    """Give what is asked of readings, of the datastreams that there are. One query."""
    with connection.cursor() as cursor:
        wanted = sorted(set(ids))
        if connection.vendor == "postgresql":
            cursor.execute(f"{_STREAMS} = ANY(%s)", [wanted])
        else:
            cursor.execute(f"{_STREAMS} IN (SELECT value FROM json_each(%s))", [encode(wanted).decode()])
        return {row[0]: _stream(*row[1:]) for row in cursor.fetchall()}


def _stream(kind: str, least: float | None, most: float | None, unit: str | None, feature: int | None) -> Stream:
    lowest, highest = -np.inf if least is None else least, np.inf if most is None else most
    return Stream(reasons.wanted(kind), lowest, highest, unit or "", feature or 0)


_STREAMS = (
    "SELECT d.id, d.observation_type, p.least, p.most, d.unit ->> 'symbol', d.feature_id FROM sensing_datastream d"
    " JOIN sensing_observedproperty p ON p.id = d.observed_property_id WHERE d.id"
)


def take(said: Sequence[ObservationSaid], *, source: str, by: Actor, at: int, strict: bool = False) -> Taken:
    """Take readings in as they are posted; with `strict` the first that is not believed refuses all."""
    batch = Batch(lambda row: said[row])
    for one in said:
        stream, feature = one.datastream, one.feature
        batch.add(
            0 if stream is UNSET else stream.id, timed(one.phenomenon_time, at),
            None if one.result is UNSET else one.result,
            made=None if one.result_time in (UNSET, None) else timed(one.result_time, at),
            feature=0 if feature is UNSET else feature.id, more=beside(one),
        )  # fmt: skip
    taken = ingest(batch=batch, source=source, by=by, at=at)
    if strict and taken.reasons:
        raise refusal(next(iter(taken.reasons.values())))
    return taken


def timed(value: Any, now: int) -> int | str:
    """Give a time as it is said; now where it is not."""
    if value is UNSET or value is None:
        return now
    return value if isinstance(value, str) else ""


def refusal(reason: str) -> Refusal:
    """Say why a reading is not believed."""
    fields = {reasons.UNKNOWN: "Datastream", reasons.FEATURE: "FeatureOfInterest", reasons.TIME: "phenomenonTime",
              reasons.FUTURE: "phenomenonTime", reasons.UNIT: "parameters/unit"}  # fmt: skip
    return Refusal(f"sensing.quarantine.{reason}", reasons.WORDS[reason], fields.get(reason, "result"))


def beside(one: ObservationSaid) -> dict[str, Any]:
    """Give what is said beside a result."""
    more = {"quality": one.result_quality, "parameters": one.parameters}
    kept = {name: value for name, value in more.items() if value is not UNSET and value not in (None, {})}
    if one.valid_time is not UNSET and one.valid_time is not None:
        kept["valid"] = lasting(one.valid_time)
    return kept


def lasting(text: Any) -> list[int]:
    """Read until when a reading is valid."""
    return list(moment(text, "validTime"))


def judged_alone(result: Any, stream: Stream, key: keys.Key, now: int) -> tuple[float | None, dict[str, Any], str]:
    """Judge one result anew: give its number, its value where that is no number, and why it is not believed."""
    batch = Batch(lambda row: None)
    batch.add(key.datastream, key.time, result)
    reason = str(_judged(batch, {key.datastream: stream}, now)[0])
    return _number(np.float64(batch.result[0])), batch.more.get(0, {}), reason


# --- judging --------------------------------------------------------------------------------------


_NOTHING = Stream(reasons.ANYTHING, -np.inf, np.inf, "", 0)


def _judged(batch: Batch, streams: Mapping[int, Stream], now: int) -> Any:
    kind, (present, which) = np.array(batch.kind, np.int8), np.unique(batch.datastream, return_inverse=True)
    asked = [streams.get(int(one), _NOTHING) for one in present]
    wants = np.array([one.wants for one in asked], np.int8)[which]
    why = reasons.faults(
        reasons.Asked(
            kind, np.array(batch.result, np.float64), np.array(batch.time, np.int64) + np.array(batch.lasts, np.int64),
            np.array([one is not _NOTHING for one in asked], bool)[which], wants,
            np.array([one.least for one in asked], np.float64)[which],
            np.array([one.most for one in asked], np.float64)[which],
        ), now,
    ).astype(object)  # fmt: skip
    for row, reason in batch.faults.items():
        why[row] = reason
    for row, more in batch.more.items():
        if why[row] == reasons.TYPE and str(more.get("value")).strip().lower() in NOT_NUMBERS:
            why[row] = reasons.NOT_A_NUMBER
        elif not why[row] and _other_unit(more, asked[which[row]].unit):
            why[row] = reasons.UNIT
    for row in np.flatnonzero(kind == reasons.TRUTH).tolist():
        batch.more.setdefault(row, {})["value"] = bool(batch.result[row])
    return why


def _other_unit(more: Mapping[str, Any], unit: str) -> bool:
    said = more.get("parameters")
    given = said.get("unit") if isinstance(said, dict) else None
    return isinstance(given, str) and bool(unit) and given != unit


def _fill_features(batch: Batch, streams: Mapping[int, Stream]) -> None:
    """Give readings that name none the feature of interest of their datastream, and note the others that are named."""
    own = {pk: one.feature for pk, one in streams.items()}
    given, (present, which) = np.array(batch.feature, np.int64), np.unique(batch.datastream, return_inverse=True)
    silent = given == 0
    bare = [pk for pk in present[np.unique(which[silent])].tolist() if own.get(pk) == 0]
    if bare:
        own |= placing.default_features(bare)
    default = np.array([own.get(pk, 0) for pk in present.tolist()], np.int64)[which]
    others = np.flatnonzero(~silent & (given != default)).tolist()
    if others:
        named = {(batch.datastream[row], batch.feature[row]) for row in others if batch.datastream[row] in own}
        known = _known_features(named)
        for row in others:
            if batch.feature[row] not in known and batch.datastream[row] in own:
                batch.faults.setdefault(row, reasons.FEATURE)
    batch.feature = np.where(silent, default, given).tolist()


def _known_features(named: set[tuple[int, int]]) -> set[int]:
    known = set(FeatureOfInterest.objects.filter(pk__in={f for _, f in named}).values_list("pk", flat=True))
    link = Datastream.features.through
    made = [link(datastream_id=pk, featureofinterest_id=f) for pk, f in sorted(named) if f in known]
    link._default_manager.bulk_create(made, ignore_conflicts=True)
    return known


# --- writing --------------------------------------------------------------------------------------


def _sorted(batch: Batch, why: Any) -> tuple[Rows, Any]:
    """Give what is believed in the order of its key, with its places in the batch."""
    good = np.flatnonzero(why == "")
    streams, time, lasts = (np.array(c, np.int64)[good] for c in (batch.datastream, batch.time, batch.lasts))
    order = np.lexsort((lasts, time, streams))
    places = good[order]
    has_made = np.array([one is not None for one in batch.made], bool)
    made = np.array([one or 0 for one in batch.made], np.int64)
    more: list[dict[str, Any] | None] = [None] * len(places)
    if batch.more:
        more = [batch.more.get(i) for i in places.tolist()]
    rows = Rows(
        streams[order], time[order], lasts[order], np.array(batch.result, np.float64)[places], made[places],
        has_made[places], np.array(batch.feature, np.int64)[places], more,
    )  # fmt: skip
    return rows, places


def _once(rows: Rows, places: Any, became: Any, why: Any) -> tuple[Rows, Any]:
    """Keep the first of readings that a batch brings twice."""
    if len(places) < 2:
        return rows, places
    same = np.r_[False, (rows.datastream[1:] == rows.datastream[:-1]) & (rows.time[1:] == rows.time[:-1])
                 & (rows.lasts[1:] == rows.lasts[:-1])]  # fmt: skip
    if not same.any():
        return rows, places
    first = np.maximum.accumulate(np.where(same, 0, np.arange(len(places))))
    for row in np.flatnonzero(same).tolist():
        kept = first[row]
        _repeated(rows, places, row, (_number(rows.result[kept]), rows.more[kept]), became, why)
    return rows.only(~same), places[~same]


def _written(rows: Rows) -> bool:
    """Write what is new; say no, and write nothing, where something is there already."""
    try:
        with transaction.atomic():
            insert(rows)
    except IntegrityError:
        return False
    return True


def _without(rows: Rows, places: Any, became: Any, why: Any) -> tuple[Rows, Any]:
    """Take away what is there already: the same is a repetition, another result for the same time is not believed."""
    found = there(rows.keys())
    listed = rows.keys()
    known = np.array([key in found for key in listed], bool)
    for row in np.flatnonzero(known).tolist():
        _repeated(rows, places, row, found[listed[row]], became, why)
    return rows.only(~known), places[~known]


def _repeated(rows: Rows, places: Any, row: int, before: tuple[Any, Any], became: Any, why: Any) -> None:
    result, more = before
    same = result == _number(rows.result[row]) and (more or {}).get("value") == (rows.more[row] or {}).get("value")
    became[places[row]] = REPEATED if same else QUARANTINED
    if not same:
        why[places[row]] = reasons.DIFFERS


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


_HELD = ("datastream", "time", "reason", "said", "source", "received")


def _quarantine(batch: Batch, found: Mapping[int, str], source: str, at: int) -> None:
    rows = []
    for row, reason in found.items():
        said = clean(encode(batch.said(row)).decode())[:LONGEST]
        stream = None if row in batch.named else batch.datastream[row] or None
        time = None if reason == reasons.TIME else batch.time[row]
        rows.append((stream, time, reason, said, clean(source)[:120], at))
    write("sensing_quarantined", _HELD, rows)
