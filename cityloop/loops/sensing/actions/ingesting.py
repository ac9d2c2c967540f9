"""Taking readings in: what can be believed is kept once, the rest goes to the quarantine with the reason.

received = accepted + repeated + quarantined, always, and in one transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from django.db import IntegrityError, connection, transaction
from msgspec import UNSET

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean, escaped
from cityloop.ground.loop.actor import Actor
from cityloop.loops.sensing.actions import arriving, placing
from cityloop.loops.sensing.actions.batches import NOT_NUMBERS, Batch, Column, Columns, merged
from cityloop.loops.sensing.actions.writing import (
    FEW,
    Rows,
    encode,
    insert,
    insert_few,
    keep_latest,
    there,
    write_at_once,
)
from cityloop.loops.sensing.events import ReadingsKept
from cityloop.loops.sensing.history.known import NOTHING, Overtaken, Past, past_of
from cityloop.loops.sensing.history.spans import LEAST
from cityloop.loops.sensing.models import Datastream, FeatureOfInterest
from cityloop.loops.sensing.rules import keys, reasons
from cityloop.loops.sensing.rules.said import ObservationSaid
from cityloop.loops.sensing.rules.times import moment
from cityloop.town.publishing import publish
from cityloop.town.tabular.keyed import one_of
from cityloop.town.tabular.writing import write

RETRIES = 5
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
    columns: Columns | None

    @property
    def ids(self) -> list[str]:
        """Give the id of each reading."""
        return self.columns.ids() if self.columns else []


class Part(NamedTuple):
    """A batch among others that are taken in with it, and where it came from."""

    batch: Batch
    source: str


Gathered = Sequence[Part] | Callable[[], Sequence[Part]]


class Asked(NamedTuple):
    """The datastreams of a batch, each once, in their order; which of them each reading is of, and what they ask.

    Where nothing is the least or the most, that is not a number. A feature of 0 is none.
    """

    present: Column
    which: Column
    known: Column
    wants: Column
    least: Column
    most: Column
    unit: Sequence[str | None]
    feature: Column


def ingest(*, batch: Batch, source: str, by: Actor, at: int, aside: bool = False) -> Taken:
    """Take a batch in. `at` is the present of the city, `source` says where the readings came from.

    With `aside` its readings are judged when no others wait.
    """
    return ingest_all(parts=[Part(batch, source or by.name)], at=at, aside=aside)[0]


def ingest_all(*, parts: Gathered, at: int, aside: bool = False, alone: bool = False) -> list[Taken]:
    """Take batches in that came at the same time, in one transaction; each as if it had come alone, in their order.

    A function is asked for them once the transaction has begun. Where some are older than a day, what the history holds
    of them is looked up first, outside of it, for files are read; then a function is asked again for the same ones.
    `alone` says that asking a function writes nothing, so that it need not stand in the transaction.
    """
    past: Past | None = None
    given = parts
    # SQLite has its turn to wait for before anything is read.
    if (alone or not callable(parts)) and connection.vendor == "postgresql" and not connection.in_atomic_block:
        given = parts() if callable(parts) else parts
        if taken := _at_once(given, at, aside):
            return taken
    for _ in range(RETRIES):
        try:
            return _ingested(given, past, at, aside)
        except Overtaken as again:
            columns = merged([part.batch for part in again.args[0]]).columns()
            past = past_of(columns.datastream.tolist(), columns.time.tolist(), columns.lasts.tolist(), at)
    raise _busy()


def _at_once(parts: Sequence[Part], at: int, aside: bool) -> list[Taken] | None:
    """Take a few readings in of which nothing need be said, by one statement that is a transaction itself.

    None where there is more to do, or the database refuses it: `_ingested` does it all, and finds out why. Of a single
    reading that is what most costs: PostgreSQL is spoken to twice, and not six times.
    """
    batch = merged([part.batch for part in parts])
    if not 0 < len(batch) <= FEW or (batch.columns().time < at - LEAST).any():
        return None
    asked = asked_of(batch.columns().datastream)
    if not asked.feature.all() or batch.columns().feature.any():
        return None
    _fill_features(batch, asked)
    why = _judged(batch, asked, at)
    if (why != "").any():
        return None
    rows, _places = _sorted(batch, why)
    waiting = arriving.fresh(rows, at)
    try:
        beside = None if waiting is None else arriving.putting(waiting, arriving.ASIDE if aside else arriving.UNSORTED)
        write_at_once(rows, beside)
    except IntegrityError:
        return None
    publish(ReadingsKept(rows))
    return _shared(parts, batch.columns(), np.full(len(batch), ACCEPTED, np.int8), {})


def _busy() -> Refusal:
    return Refusal("sensing.busy", "Others write the same readings just now; send them again in a little while.")


@transaction.atomic
def _ingested(parts: Gathered, past: Past | None, at: int, aside: bool) -> list[Taken]:
    parts = parts() if callable(parts) else parts
    batch = merged([part.batch for part in parts])
    if not len(batch):
        return [Taken(Tally(), [], {}, None) for _part in parts]
    if past is None:
        if (batch.columns().time < at - LEAST).any():
            raise Overtaken(parts)
        past = NOTHING
    asked = asked_of(batch.columns().datastream)
    _fill_features(batch, asked)
    why = _judged(batch, asked, at)
    rows, places = _sorted(batch, why)
    became = np.full(len(batch), ACCEPTED, np.int8)
    became[why != ""] = QUARANTINED
    rows, places = _once(rows, places, became, why)
    if past.found:
        rows, places = _without(rows, places, became, why, found=past.found)
    rows = _written(rows, places, became, why)
    if past.overtaken():
        raise Overtaken(parts)
    if past.kept is not None:
        past.come_again(rows.keys())
    keep_latest(rows)
    arriving.note(rows, now=at, aside=aside)
    if len(rows.time):
        transaction.on_commit(partial(publish, ReadingsKept(rows)))
    found = {int(i): str(why[i]) for i in np.flatnonzero(became == QUARANTINED)}
    if found:
        sources = [part.source for part in parts for _ in range(len(part.batch))] if len(parts) > 1 else None
        _quarantine(batch, found, sources or parts[0].source, at)
    return _shared(parts, batch.columns(), became, found)


def _shared(parts: Sequence[Part], columns: Columns, became: Column, found: Mapping[int, str]) -> list[Taken]:
    """Give each part what became of it."""
    if len(parts) == 1:
        return [Taken(_tally(became), became.tolist(), dict(found), columns)]
    taken, start = [], 0
    for part in parts:
        end = start + len(part.batch)
        why = {row - start: reason for row, reason in found.items() if start <= row < end} if found else {}
        own = became[start:end]
        taken.append(Taken(_tally(own), own.tolist(), why, Columns(*(column[start:end] for column in columns))))
        start = end
    return taken


def _tally(became: Column) -> Tally:
    return Tally(len(became), *np.bincount(became, minlength=3).tolist())


def asked_of(datastreams: Column) -> Asked:
    """Give what the datastreams of readings ask of them. One query.

    Whole columns, and no object for each datastream: a batch may be of thousands.
    """
    present, which = np.unique(datastreams, return_inverse=True)
    ids = present.tolist()
    some, wanted = one_of(ids)
    with connection.cursor() as cursor:
        cursor.execute(f"{_STREAMS} {some}", [wanted])
        found = {row[0]: row for row in cursor.fetchall()}
    rows = [found.get(pk, _NOTHING) for pk in ids]
    _ids, kinds, least, most, unit, feature = zip(*rows, strict=True)
    return Asked(
        present, which, np.array([row is not _NOTHING for row in rows], np.bool_),
        np.array([*map(reasons.wanted, kinds)], np.int8), np.array(least, np.float64), np.array(most, np.float64), unit,
        np.array([one or 0 for one in feature], np.int64),
    )  # fmt: skip


_NOTHING = (0, "", None, None, None, 0)  # of a datastream that there is not
_STREAMS = (
    "SELECT d.id, d.observation_type, p.least, p.most, d.unit ->> 'symbol', d.feature_id FROM sensing_datastream d"
    " JOIN sensing_observedproperty p ON p.id = d.observed_property_id WHERE d.id"
)


def take(said: Sequence[ObservationSaid], *, source: str, by: Actor, at: int, strict: bool = False) -> Taken:
    """Take readings in as they are posted; with `strict` the first that is not believed refuses all."""
    taken = ingest(batch=batch_of(said, at), source=source, by=by, at=at)
    if strict and taken.reasons:
        raise refusal(next(iter(taken.reasons.values())))
    return taken


def batch_of(said: Sequence[ObservationSaid], at: int) -> Batch:
    """Give readings as they are posted as a batch."""
    batch = Batch(lambda row: said[row])
    for one in said:
        stream, feature = one.datastream, one.feature
        batch.add(
            0 if stream is UNSET else stream.id, timed(one.phenomenon_time, at),
            None if one.result is UNSET else one.result,
            made=None if one.result_time in (UNSET, None) else timed(one.result_time, at),
            feature=0 if feature is UNSET else feature.id, more=beside(one),
        )  # fmt: skip
    return batch


def timed(value: Any, now: int) -> int | str:
    """Give a time as it is said; now where it is not."""
    if value is UNSET or value is None:
        return now
    return value if isinstance(value, str) else ""


def refusal(reason: str, one: ObservationSaid | None = None) -> Refusal:
    """Say why a reading is not believed; of one that stands alone, which of its times is none."""
    fields = {reasons.UNKNOWN: "Datastream", reasons.FEATURE: "FeatureOfInterest", reasons.TIME: "phenomenonTime",
              reasons.FUTURE: "phenomenonTime", reasons.UNIT: "parameters/unit"}  # fmt: skip
    field = fields.get(reason, "result")
    if reason == reasons.TIME and one is not None and _is_time(timed(one.phenomenon_time, 0)):
        field = "resultTime"
    return Refusal(f"sensing.quarantine.{reason}", reasons.WORDS[reason], field)


def _is_time(given: int | str) -> bool:
    try:
        return isinstance(given, int) or moment(given) is not None
    except Refusal:
        return False


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


def judged_alone(result: Any, key: keys.Key, now: int) -> tuple[float | None, dict[str, Any], str]:
    """Judge one result anew: give its number, its value where that is no number, and why it is not believed."""
    batch = Batch(lambda row: None)
    batch.add(key.datastream, key.time, result)
    reason = str(_judged(batch, asked_of(batch.columns().datastream), now)[0])
    return _number(batch.columns().result[0]), batch.more.get(0, {}), reason


# --- judging --------------------------------------------------------------------------------------


def _judged(batch: Batch, asked: Asked, now: int) -> Column:
    columns, which = batch.columns(), asked.which
    why = reasons.faults(
        reasons.Asked(
            columns.kind, columns.result, columns.time + columns.lasts, asked.known[which], asked.wants[which],
            asked.least[which], asked.most[which],
        ), now,
    )  # fmt: skip
    for row, reason in batch.faults.items():
        why[row] = reason
    for row, more in batch.more.items():
        if why[row] == reasons.TYPE and str(more.get("value")).strip().lower() in NOT_NUMBERS:
            why[row] = reasons.NOT_A_NUMBER
        elif not why[row] and _other_unit(more, asked.unit[which[row]]):
            why[row] = reasons.UNIT
    for row in np.flatnonzero(columns.kind == reasons.TRUTH).tolist():
        batch.more.setdefault(row, {})["value"] = bool(columns.result[row])
    return why


def _other_unit(more: Mapping[str, Any], unit: str | None) -> bool:
    said = more.get("parameters")
    given = said.get("unit") if isinstance(said, dict) else None
    return isinstance(given, str) and bool(unit) and given != unit


def _fill_features(batch: Batch, asked: Asked) -> None:
    """Give readings that name none the feature of interest of their datastream, and note the others that are named."""
    columns, which, default = batch.columns(), asked.which, asked.feature
    given, silent = columns.feature, columns.feature == 0
    wanting = default[which] == 0
    if wanting.any():
        places = {pk: n for n, pk in enumerate(asked.present.tolist()) if asked.known[n]}
        bare = [pk for pk in np.unique(columns.datastream[silent & wanting]).tolist() if pk in places]
        for pk, feature in placing.default_features(bare).items() if bare else ():
            default[places[pk]] = feature
    own = default[which]
    others = np.flatnonzero(~silent & (given != own)).tolist()
    if others:
        there = [row for row in others if asked.known[which[row]]]
        known = _known_features({(int(columns.datastream[row]), int(given[row])) for row in there})
        for row in there:
            if given[row] not in known:
                batch.faults.setdefault(row, reasons.FEATURE)
    batch.blocks = [columns._replace(feature=np.where(silent, own, given))]


def _known_features(named: set[tuple[int, int]]) -> set[int]:
    known = set(FeatureOfInterest.objects.filter(pk__in={f for _, f in named}).values_list("pk", flat=True))
    link = Datastream.features.through
    made = [link(datastream_id=pk, featureofinterest_id=f) for pk, f in sorted(named) if f in known]
    link._default_manager.bulk_create(made, ignore_conflicts=True)
    return known


# --- writing --------------------------------------------------------------------------------------


def _sorted(batch: Batch, why: Column) -> tuple[Rows, Column]:
    """Give what is believed in the order of its key, with its places in the batch."""
    columns, good = batch.columns(), np.flatnonzero(why == "")
    places = good[np.lexsort((columns.lasts[good], columns.time[good], columns.datastream[good]))]
    more: list[dict[str, Any] | None] = [None] * len(places)
    if batch.more:
        more = [batch.more.get(i) for i in places.tolist()]
    taken = Columns(*(column[places] for column in columns))
    rows = Rows(
        taken.datastream, taken.time, taken.lasts, taken.result, taken.made, taken.has_made, taken.feature, more
    )
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


def _written(rows: Rows, places: Column, became: Column, why: Column) -> Rows:
    """Write what is new, and give it; what is there already is a repetition, or not believed."""
    if 0 < len(places) <= FEW:
        missed = insert_few(rows)
        return _without(rows, places, became, why, missed)[0] if missed.any() else rows
    for _ in range(RETRIES):
        try:
            with transaction.atomic():
                insert(rows)
        except IntegrityError:
            rows, places = _without(rows, places, became, why)
        else:
            return rows
    raise _busy()


def _without(
    rows: Rows, places: Column, became: Column, why: Column, known: Column | None = None,
    found: Mapping[Any, Any] | None = None,
) -> tuple[Rows, Column]:  # fmt: skip
    """Take away what is there already: the same is a repetition, another result for the same time is not believed.

    `known` says which are there, where that is known; `found` what they say.
    """
    listed = rows.keys()
    if found is None:
        wanted = listed if known is None else [key for key, there_ in zip(listed, known, strict=True) if there_]
        found = there(wanted)
    if known is None:
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


def _quarantine(batch: Batch, found: Mapping[int, str], sources: str | Sequence[str], at: int) -> None:
    rows, columns = [], batch.columns()
    for row, reason in found.items():
        said = escaped(encode(batch.said(row)).decode())
        stream = None if row in batch.named else int(columns.datastream[row]) or None
        time = None if reason == reasons.TIME else int(columns.time[row])
        source = sources if isinstance(sources, str) else sources[row]
        rows.append((stream, time, reason, said, clean(source)[:120], at))
    write("sensing_quarantined", _HELD, rows)
