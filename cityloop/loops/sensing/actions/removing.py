"""Taking down: an entity goes with all that cannot stand without it; the ledger keeps that it was there."""

from typing import Any

from django.db import transaction
from django.db.models import Max, Min
from msgspec import UNSET

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.loops.sensing.actions import ingesting, telling
from cityloop.loops.sensing.actions.describing import MODELS, unknown
from cityloop.loops.sensing.models import Datastream, FeatureOfInterest, Latest, Observation
from cityloop.loops.sensing.rules.keys import Key
from cityloop.loops.sensing.rules.said import ObservationSaid, Said
from cityloop.loops.sensing.rules.times import instant


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
    one.delete()


def _streams(one: Any) -> Any:
    if isinstance(one, Datastream):
        return Datastream.objects.filter(pk=one.pk)
    return one.datastreams.all() if hasattr(one, "datastreams") else Datastream.objects.none()


@transaction.atomic
def remove_observation(*, key: Key, by: Actor, at: int) -> None:
    """Remove a reading; what its datastream said last is then what is left."""
    latest = Latest.objects.select_for_update().filter(datastream=key.datastream).first()
    gone = Observation.objects.filter(datastream=key.datastream, time=key.time, lasts=key.lasts)
    if latest is None or not gone.delete()[0]:
        raise unknown("@iot.id")
    stream = Datastream.objects.get(pk=key.datastream)
    telling.tell(stream, "reading_removed", by=by, at=at)
    left = Observation.objects.filter(datastream=key.datastream)
    newest = left.order_by("-time", "-lasts").first()
    if newest is None:
        latest.delete()
        return
    ends = max(latest.last if latest.last != key.time + key.lasts else 0, newest.time + newest.lasts)
    made = left.filter(made__isnull=False).aggregate(first=Min("made"), last=Max("made"))
    latest.time, latest.lasts, latest.result, latest.last = newest.time, newest.lasts, newest.result, ends
    latest.first = left.order_by("time").values_list("time", flat=True)[:1].get()
    latest.made_first, latest.made_last = made["first"], made["last"]
    latest.count -= 1
    latest.save()


@transaction.atomic
def correct_observation(*, key: Key, said: ObservationSaid, by: Actor, at: int) -> None:
    """Put a reading right: its result, or what is said beside it. When it was is what it is known by, and stays."""
    found = Observation.objects.select_for_update()
    one = found.filter(datastream=key.datastream, time=key.time, lasts=key.lasts).first()
    if one is None:
        raise unknown("@iot.id")
    more = {name: value for name, value in (one.more or {}).items() if name != "value" or said.result is UNSET}
    if said.result is not UNSET:
        stream = ingesting.streams_of([key.datastream])[key.datastream]
        number, exact, reason = ingesting.judged_alone(said.result, stream, key, at)
        if reason:
            raise ingesting.refusal(reason)
        one.result = number
        more |= exact
    more |= ingesting.beside(said)
    if said.result_time is not UNSET:
        one.made = None if said.result_time is None else instant(str(said.result_time), "resultTime")
    one.more = more or None
    one.save(update_fields=["result", "made", "more"])
    Latest.objects.filter(datastream=key.datastream, time=key.time, lasts=key.lasts).update(result=one.result)
    telling.tell(Datastream.objects.get(pk=key.datastream), "reading_corrected", by=by, at=at)
