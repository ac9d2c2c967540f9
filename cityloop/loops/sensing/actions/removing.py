"""Taking down: an entity goes with all that cannot stand without it; the ledger keeps that it was there."""

from typing import Any

from django.db import transaction
from django.db.models import Max, Min
from msgspec import UNSET

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.loops.sensing.actions import ingesting, placing, telling
from cityloop.loops.sensing.actions.describing import MODELS, feature_of, unknown
from cityloop.loops.sensing.actions.writing import COLUMNS, TABLE
from cityloop.loops.sensing.history import reading
from cityloop.loops.sensing.history.columns import Row
from cityloop.loops.sensing.history.parts import kept_of
from cityloop.loops.sensing.history.spans import LEAST
from cityloop.loops.sensing.models import Datastream, FeatureOfInterest, Latest, Location, Observation, Withdrawn
from cityloop.loops.sensing.rules.keys import Key
from cityloop.loops.sensing.rules.said import ObservationSaid, Said
from cityloop.loops.sensing.rules.times import instant, moment
from cityloop.town.tabular.writing import write


@transaction.atomic
def remove(*, shape: type[Said], pk: int, by: Actor, at: int) -> None:
    """Remove an entity; readings of a datastream go with it."""
    model = MODELS[shape]
    one = model._default_manager.select_for_update().filter(pk=pk).first()
    if one is None:
        raise unknown("@iot.id")
    if model is FeatureOfInterest and one.datastreams.exists():
        raise Refusal(
            "sensing.feature.used", "Readings tell about this feature of interest; remove their datastreams first.",
            "@iot.id",
        )  # fmt: skip
    streams = list(_streams(one).order_by("pk"))
    telling.tell(one, "removed", by=by, at=at)
    for stream in streams:
        if stream != one:
            telling.tell(stream, "removed", by=by, at=at)
    Observation.objects.filter(datastream__in=[stream.pk for stream in streams]).delete()
    things = list(one.things.all()) if isinstance(one, Location) else []
    if isinstance(one, Location):
        one.historical_locations.all().delete()
    one.delete()
    placing.settle(things)


def _streams(one: Any) -> Any:
    if isinstance(one, Datastream):
        return Datastream.objects.filter(pk=one.pk)
    return one.datastreams.all() if hasattr(one, "datastreams") else Datastream.objects.none()


@transaction.atomic
def remove_observation(*, key: Key, by: Actor, at: int) -> None:
    """Remove a reading, wherever it stands; what its datastream said last is then what is left."""
    latest = Latest.objects.select_for_update().filter(datastream=key.datastream).first()
    there = Observation.objects.filter(datastream=key.datastream, time=key.time, lasts=key.lasts).delete()[0]
    if latest is None or not (there or reading.past_reading(key)):
        raise unknown("@iot.id")
    if key.time < at - LEAST:  # the history has it, or is being given it
        Withdrawn.objects.bulk_create([Withdrawn(**key._asdict())], ignore_conflicts=True)
    stream = Datastream.objects.get(pk=key.datastream)
    telling.tell(stream, "reading_removed", by=by, at=at)
    _fall_back(latest, key)


def _fall_back(latest: Latest, gone: Key) -> None:
    """Bring up what a datastream said last, after one of its readings was removed."""
    left, kept = Observation.objects.filter(datastream=gone.datastream), kept_of([gone.datastream])
    newest = left.order_by("-time", "-lasts").first()
    if kept and (newest is None or newest.time <= max(one.last for one in kept)):
        newest = _brought_back(gone.datastream, newest)
    if newest is None:
        latest.delete()
        return
    ends = max(latest.last if latest.last != gone.time + gone.lasts else 0, newest.time + newest.lasts)
    firsts = [left.order_by("time").values_list("time", flat=True)[:1].get()]
    if kept and (past := reading.first_past(gone.datastream)) is not None:
        firsts.append(past)
    if not kept:  # of what has moved to the history it is not asked anew when results were there
        made = left.filter(made__isnull=False).aggregate(first=Min("made"), last=Max("made"))
        latest.made_first, latest.made_last = made["first"], made["last"]
    latest.time, latest.lasts, latest.result, latest.last = newest.time, newest.lasts, newest.result, ends
    latest.first = min(firsts)
    latest.count -= 1
    latest.save()


def _brought_back(datastream: int, newest: Observation | None) -> Observation | None:
    """Bring the newest reading back from the history: what was said last always stands in the database."""
    row = reading.newest_past(datastream)
    if row is None or (newest is not None and (newest.time, newest.lasts) >= row[1:3]):
        return newest
    return _copied(row)


def _copied(row: Row) -> Observation:
    """Put a reading of the history into the database, whose word counts."""
    write(TABLE, COLUMNS, [row])
    return Observation.objects.get(datastream=row[0], time=row[1], lasts=row[2])


@transaction.atomic
def correct_observation(*, key: Key, said: ObservationSaid, by: Actor, at: int) -> None:
    """Put a reading right: its result, or what is said beside it. When it was is what it is known by, and stays."""
    found = Observation.objects.select_for_update()
    one = found.filter(datastream=key.datastream, time=key.time, lasts=key.lasts).first()
    _stays(key, said)
    if one is None:
        past = reading.past_reading(key)
        if past is None:
            raise unknown("@iot.id")
        one = _copied(past)
    said_anew = {"value": said.result, "quality": said.result_quality, "parameters": said.parameters,
                 "valid": said.valid_time}  # fmt: skip
    more = {name: value for name, value in (one.more or {}).items() if said_anew.get(name, UNSET) is UNSET}
    if said.result is not UNSET:
        number, exact, reason = ingesting.judged_alone(said.result, key, at)
        if reason:
            raise ingesting.refusal(reason)
        one.result = number
        more |= exact
    more |= ingesting.beside(said)
    if said.result_time is not UNSET:
        one.made = None if said.result_time is None else instant(str(said.result_time), "resultTime")
    if said.feature is not UNSET:
        one.feature_id = feature_of(said.feature, by=by, at=at)
        Datastream.features.through._default_manager.get_or_create(
            datastream_id=key.datastream, featureofinterest_id=one.feature_id
        )
    one.more = more or None
    one.save(update_fields=["result", "made", "feature", "more"])
    Latest.objects.filter(datastream=key.datastream, time=key.time, lasts=key.lasts).update(result=one.result)
    telling.tell(Datastream.objects.get(pk=key.datastream), "reading_corrected", by=by, at=at)


def _stays(key: Key, said: ObservationSaid) -> None:
    """Refuse another time or datastream; the same may be said again, as clients do that send all they know."""
    fields = []
    if said.datastream is not UNSET and said.datastream.id != key.datastream:
        fields.append("Datastream")
    if said.phenomenon_time is not UNSET and moment(said.phenomenon_time) != (key.time, key.lasts):
        fields.append("phenomenonTime")
    if fields:
        raise Refusal(
            "sensing.change.key", "A reading is known by its datastream and its time; remove it, and post another.",
            fields[0],
        )  # fmt: skip
