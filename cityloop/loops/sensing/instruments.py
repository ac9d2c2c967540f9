"""Reads of instruments: what each said last, and whether it can be trusted: silent, stuck, adrift, of another unit."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BigIntegerField, Case, Count, F, Max, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from cityloop.ground.codes.cells import Box
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing import watches
from cityloop.loops.sensing.history.series import drawn
from cityloop.loops.sensing.models import Census, Datastream, Doubt, Latest, ObservedProperty, Quarantined, Thing
from cityloop.loops.sensing.rules import drifting, measures
from cityloop.town.columns import under
from cityloop.town.tabular.columns import columns_of
from cityloop.town.tabular.keyed import one_of

DAY = 86_400_000_000
STUCK = 12  # readings alike to the last digit, one after the other
SILENT, NEVER, STANDS_STILL, UNIT, SOUND = "silent", "never", "stuck", "unit", "sound"
DRIFTS, JUMPED = drifting.DRIFTS, drifting.JUMPED
DOUBTED = "doubted"  # as a filter: for any reason, though it speaks


class Instrument(NamedTuple):
    """A datastream with its thing, what it said last, and how it is."""

    stream: Datastream
    bound: watches.Bound | None
    state: str
    time: int | None
    result: float | None


class Kind(NamedTuple):
    """What is measured: how many instruments measure it, and how many of them are silent or never spoke.

    `key` is what a plate calls it, `plate/key`; where no plate knows it, its name.
    """

    key: str
    name: str
    unit: str
    number: int
    silent: int
    never: int


def every(observed: str) -> int:
    """Give how long after its last reading an instrument counts as silent, in microseconds; a day where nobody says."""
    found = watches.watches().get(observed, ())
    return next((one.silent for one in found if one.silent), found[0].gap if found and found[0].gap else DAY)


def named(measured: ObservedProperty) -> str:
    """Give what of a plate an observed property of the city is, `plate/key`, "" where it is none."""
    said = (measured.properties or {}).get("observed")
    if isinstance(said, str):
        return said
    text = str(measured.definition)
    return text.removeprefix(watches.NAMED) if text.startswith(watches.NAMED) else ""


def kinds() -> list[Kind]:
    """Give what is measured in the city, with how many instruments, as they were counted last. One query."""
    return [
        Kind(row.key, str(row.name), _unit(row.key), row.number, row.silent - row.never, row.never) for row in census()
    ]


def key_of(measured: ObservedProperty) -> str:
    """Give by what an observed property is told from others: one that is set up with each station is the same."""
    return named(measured) or str(measured.name)


def _unit(key: str) -> str:
    found = watches.watches().get(key, ())
    return found[0].observed.unit if found else ""


def late(at: int) -> Any:
    """Give, for each datastream, the instant since when it must have spoken.

    Plates name few silences, however many properties a city has: each station may have set up its own.
    """
    some: dict[int, list[str]] = {}
    for key in watches.watches():
        some.setdefault(every(key), []).append(key)
    instant = BigIntegerField()  # said of each value: PostgreSQL would take them for its shorter numbers
    whens = [
        When(observed_property__in=_where(watches.OBSERVED, keys), then=Value(at - silence, instant))
        for silence, keys in some.items()
        if silence != DAY
    ]
    return Case(*whens, default=Value(at - DAY, instant), output_field=instant)


def _where(said: str, keys: Sequence[str]) -> RawSQL:
    """Select the observed properties of which this is said, where they stand: their ids never come here."""
    some, wanted = one_of(keys)
    sql = f"SELECT p.id FROM sensing_observedproperty p WHERE {said} {some}"
    return RawSQL(sql, [wanted])  # noqa: S611 - of our own words


def listed(
    *, measured: str = "", unit: str = "", state: str = "", after: int = 0, at: int, most: int = 50
) -> list[Any]:
    """Give instruments in the order of their ids, after an id.

    Three queries: they, what is bound, their last words.
    """
    rows = _rows().filter(pk__gt=after).filter(under("thing__unit_code", unit))
    if measured:
        rows = rows.filter(observed_property__in=_alike(measured))
    if state == NEVER:
        rows = rows.filter(latest__isnull=True)
    if state == SILENT:
        rows = rows.filter(latest__last__lt=late(at))
    if state == DOUBTED:
        rows = rows.filter(pk__in=Doubt.objects.values("datastream"))
    return told(list(rows.order_by("pk")[:most]), at)


def _alike(measured: str) -> RawSQL:
    """Select the observed properties that are what is measured, by what `key_of` gives."""
    return _where(f"COALESCE(NULLIF({watches.OBSERVED}, ''), p.name)", [measured])


def latest(
    *, measured: str = "", unit: str = "", after: int = 0, most: int
) -> tuple[list[int], list[int], list[float | None]]:
    """Give what datastreams said last, in the order of their ids, after an id: ids, times, and numbers if any.

    One query.
    """
    rows = Latest.objects.filter(pk__gt=after).filter(under("datastream__thing__unit_code", unit))
    if measured:
        rows = rows.filter(datastream__observed_property__in=_alike(measured))
    ids, times, values = columns_of(rows.order_by("pk")[:most], "pk", "time", "result")
    return ids, times, values


def of_thing(number: int, at: int) -> tuple[Thing, list[Instrument]]:
    """Give a thing with its instruments; refuse one that is not there."""
    streams = list(_rows().filter(thing=number).order_by("pk"))
    thing = streams[0].thing if streams else Thing.objects.filter(pk=number).first()
    if thing is None:
        raise Refusal("sensing.thing.unknown", "There is no such instrument.", field="thing")
    return thing, told(streams, at)


LON, LAT = Coalesce("position__lon", "locations__lon"), Coalesce("position__lat", "locations__lat")


def places(things: Iterable[int]) -> dict[int, tuple[float, float]]:
    """Give where things are: where they said they were last, else where they stand. One query."""
    rows = Thing.objects.filter(pk__in=set(things)).values_list("pk", LON, LAT)
    return {pk: (lon, lat) for pk, lon, lat in rows if lon is not None and lat is not None}


def points(
    *, most: int, box: Box | None = None, first: Iterable[int] = ()
) -> list[tuple[int, str, bool, float, float]]:
    """Give the things that are somewhere: id, name, whether it moves, longitude, latitude. One query.

    With a box (west, south, east, north) those within; those named `first` come before others. What stands at two
    places is told of both.
    """
    placed = Thing.objects.annotate(lon=LON, lat=LAT).filter(lon__isnull=False, lat__isnull=False)
    if box:
        west, south, east, north = box
        placed = placed.filter(lon__gte=west, lon__lte=east, lat__gte=south, lat__lte=north)
    ahead = Case(When(pk__in=set(first), then=Value(0)), default=Value(1))
    found = placed.order_by(ahead, "pk").values_list("pk", "name", "position__time", "lon", "lat")[:most]
    return [(pk, name, moved is not None, lon, lat) for pk, name, moved, lon, lat in found]


def _rows() -> QuerySet[Datastream]:
    doubts = Doubt.objects.filter(datastream=OuterRef("pk"), kind__in=(DRIFTS, JUMPED))
    return Datastream.objects.select_related("thing", "observed_property", "latest").annotate(
        doubted=Subquery(doubts.order_by("-kind").values("kind")[:1])
    )


def told(streams: Sequence[Datastream], at: int) -> list[Instrument]:
    """Say how instruments, as `_rows` gives them, are. Two queries."""
    ids = [one.pk for one in streams]
    bound = watches.bound_of(ids) if ids else {}
    last = _last(ids)
    return [_instrument(one, bound.get(one.pk), last.get(one.pk, []), at) for one in streams]


def _instrument(one: Any, bound: watches.Bound | None, last: Sequence[Any], at: int) -> Instrument:
    latest = getattr(one, "latest", None)
    if latest is None:
        return Instrument(one, bound, NEVER, None, None)
    state = _state(bound, latest.last, last, at)
    if state == SOUND and one.doubted:
        state = one.doubted
    return Instrument(one, bound, state, latest.time, latest.result)


def _state(bound: watches.Bound | None, last: int, values: Sequence[Any], at: int) -> str:
    observed = bound.observed if bound else ""
    if at - last > every(observed):
        return SILENT
    known = watches.watches().get(observed, ())
    if bound and known and not measures.same(bound.unit, known[0].observed.unit):
        return UNIT
    alike = len(values) == STUCK and values[0] not in (None, 0) and len(set(values)) == 1
    return STANDS_STILL if alike else SOUND


def _last(ids: Sequence[int]) -> dict[int, list[Any]]:
    """Give the last results of datastreams, the newest first. One query, by their keys."""
    if not ids:
        return {}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_LAST_PG, [list(ids)])
        else:
            cursor.execute(_LAST_SQLITE, [str(list(ids))])
        found: dict[int, list[Any]] = {}
        for pk, result in cursor.fetchall():
            found.setdefault(pk, []).append(result)
    return found


_LAST_PG = (
    "SELECT k.d, o.result FROM unnest(%s::bigint[]) AS k(d) CROSS JOIN LATERAL (SELECT time, result"
    f' FROM "sensing_observation" WHERE datastream_id = k.d ORDER BY time DESC LIMIT {STUCK}) o'
    " ORDER BY k.d, o.time DESC"
)
_LAST_SQLITE = (
    "SELECT k.value, o.result FROM json_each(%s) k CROSS JOIN sensing_observation o ON o.datastream_id = k.value AND"
    " o.time >= (SELECT min(time) FROM (SELECT time FROM sensing_observation WHERE datastream_id = k.value"
    f" ORDER BY time DESC LIMIT {STUCK})) ORDER BY k.value, o.time DESC"
)


def doubted(at: int, days: int = 7) -> list[tuple[int | None, str, int]]:
    """Give how many readings of the last days went to the quarantine, by what they are of and why. One query."""
    rows = Quarantined.objects.filter(received__gte=at - days * DAY).order_by()
    # Of a sum, not of the column: in the order of its index SQLite would read all that ever came.
    found = rows.annotate(stream=F("datastream") + 0).values_list("stream", "reason").annotate(n=Count("id"))
    return list(found.order_by("-n", "stream")[:50])


def series(datastream: int, since: int, until: int, most: int = 2_000) -> tuple[list[int], list[float]]:
    """Give the line of a datastream over a time, however long ago: its readings, or where many their extremes."""
    return drawn(datastream, since, until, most)


def doubts(most: int = 200) -> list[Doubt]:
    """Give who is doubted though they speak, the newest doubt first. One query."""
    rows = Doubt.objects.select_related("datastream__thing", "datastream__observed_property")
    return list(rows.order_by("-since", "datastream_id", "kind")[:most])


def silent_things(things: Iterable[int], at: int) -> set[int]:
    """Give those of some things any of whose instruments is silent. One query."""
    rows = Datastream.objects.filter(thing__in=list(things), latest__last__lt=late(at))
    return set(rows.order_by().values_list("thing", flat=True))


def doubted_things(things: Iterable[int]) -> set[int]:
    """Give those of some things any of whose instruments is doubted. One query."""
    rows = Doubt.objects.filter(datastream__thing__in=list(things))
    return set(rows.order_by().values_list("datastream__thing", flat=True))


def census() -> list[Census]:
    """Give what is measured, as it was counted last: a row a kind. One query."""
    return list(Census.objects.order_by("key"))


def of_source(source: str) -> tuple[dict[str, int], int]:
    """Give the datastreams that a source set up, by the keys it gave them, and the last instant of any. Two queries."""
    rows = Datastream.objects.filter(properties__source=source)
    last = rows.aggregate(last=Max("latest__last"))["last"]
    return dict(rows.order_by("pk").values_list("properties__key", "pk")), last or 0


def ids_of(streams: Iterable[Instrument]) -> list[int]:
    """Give the ids of instruments' datastreams."""
    return [one.stream.pk for one in streams]


def named_streams(ids: Iterable[int]) -> list[Instrument]:
    """Give datastreams with their things, without how they are. One query."""
    return [Instrument(one, None, SOUND, None, None) for one in _rows().filter(pk__in=set(ids))]
