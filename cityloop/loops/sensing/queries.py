"""Reads of sensing: tables by the name of their entity set, totals that are kept, and the quarantine."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
from django.db import connection
from django.db.models import Count, QuerySet, Sum

from cityloop.loops.sensing import models
from cityloop.loops.sensing.models import Arrived, Latest, Quarantined
from cityloop.loops.sensing.rules.shapes import written
from cityloop.town.tabular.keyed import one_of

TABLES: dict[str, Any] = {
    "Things": models.Thing, "Locations": models.Location, "HistoricalLocations": models.HistoricalLocation,
    "Datastreams": models.Datastream, "Sensors": models.Sensor, "ObservedProperties": models.ObservedProperty,
    "FeaturesOfInterest": models.FeatureOfInterest, "Observations": models.Observation,
}  # fmt: skip


def table(name: str) -> QuerySet[Any]:
    """Select all rows of an entity set."""
    return TABLES[name]._default_manager.all()


def readings_kept(**where: Any) -> int:
    """Give how many readings there are, of the datastreams selected; kept with each, never counted. One query."""
    return int(Latest.objects.filter(**where).aggregate(total=Sum("count"))["total"] or 0)


def unjudged(most: int = 1000) -> int:
    """Give how many readings no rule has looked at; of very many turns of writing only the first are counted."""
    return sum(Arrived.objects.order_by("id").values_list("number", flat=True)[:most])


def longest_unjudged(at: int, most: int = 1000) -> int:
    """Give how long the oldest of those waits, 0 where none does."""
    return at - min(Arrived.objects.order_by("id").values_list("at", flat=True)[:most], default=at)


def quarantined_ever() -> int:
    """Give how many readings have come into quarantine so far: the id of the last. One query."""
    return Quarantined.objects.order_by("-id").values_list("id", flat=True).first() or 0


def quarantine(
    *, datastream: int | None = None, reason: str = "", before: int = 0, most: int = 100
) -> list[Quarantined]:  # fmt: skip
    """Give what could not be believed, the newest first; going on `before` an id. One query."""
    rows = Quarantined.objects.order_by("-id")
    rows = rows if datastream is None else rows.filter(datastream=datastream)
    rows = rows.filter(reason=reason) if reason else rows
    return list((rows.filter(id__lt=before) if before else rows)[:most])


def quarantined_by_reason() -> dict[str, int]:
    """Give how many readings are in quarantine, by reason. One query."""
    return dict(Quarantined.objects.values_list("reason").annotate(number=Count("id")).order_by("reason"))


def shapes_of(name: str, box: tuple[float, float, float, float] | None = None) -> tuple[Any, Any]:
    """Give the ids of locations or features, and their shapes; those that cannot be read are None. One query.

    With a box (west, south, east, north) only of those that reach into it.
    """
    found = table(name)
    if box is not None:
        west, south, east, north = box
        found = found.filter(west__lte=east, east__gte=west, south__lte=north, north__gte=south)
    rows = list(found.values_list("pk", "shape"))
    texts = [written(shape) for _pk, shape in rows]
    return np.array([pk for pk, _shape in rows], np.int64), shapely.from_geojson(texts, on_invalid="ignore")


_NEWEST = (
    "SELECT l.datastream_id, o.datastream_id, o.time, o.lasts, o.result, o.made, o.feature_id, o.more, l.count"
    " FROM sensing_latest l CROSS JOIN sensing_observation o"
    " WHERE o.datastream_id = l.datastream_id AND o.time = l.time AND o.lasts = l.lasts AND l.datastream_id"
)
NEWEST = ("datastream_id", "time", "lasts", "result", "made", "feature_id", "more")


def newest_of(ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """Give the last reading of each datastream that has one: its id, the columns `NEWEST`, and how many it has.

    One query, which takes the same time whatever the datastreams hold.
    """
    some, streams = one_of(ids)
    with connection.cursor() as cursor:
        cursor.execute(f"{_NEWEST} {some}", [streams])
        return [(*row[:-2], _decoded(row[-2]), row[-1]) for row in cursor.fetchall()]


def readings_by_datastream(ids: Iterable[int]) -> dict[int, int]:
    """Give how many readings each datastream has. One query."""
    return dict(Latest.objects.filter(datastream__in=list(ids)).values_list("datastream_id", "count"))


def streams_about(features: Iterable[int]) -> dict[int, list[int]]:
    """Give the datastreams any of whose readings tell about features of interest. One query."""
    found: dict[int, list[int]] = {pk: [] for pk in features}
    link = models.Datastream.features.through._default_manager.filter(featureofinterest__in=list(found))
    for feature, stream in link.order_by("datastream").values_list("featureofinterest_id", "datastream_id"):
        found[feature].append(stream)
    return found


def _decoded(value: Any) -> Any:
    """Read a column of JSON that came past the ORM: SQLite gives its text, PostgreSQL too."""
    return json.loads(value) if isinstance(value, str) else value
