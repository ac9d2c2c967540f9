"""Reads of sensing: tables by the name of their entity set, totals that are kept, and the quarantine."""

from typing import Any

from django.db.models import Count, QuerySet, Sum

from cityloop.loops.sensing import models
from cityloop.loops.sensing.models import Latest, Quarantined

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


def quarantine(datastream: int | None = None) -> QuerySet[Quarantined]:
    """Select what could not be believed, the newest first."""
    rows = Quarantined.objects.order_by("-id")
    return rows if datastream is None else rows.filter(datastream=datastream)


def quarantined_by_reason() -> dict[str, int]:
    """Give how many readings are in quarantine, by reason. One query."""
    return dict(Quarantined.objects.values_list("reason").annotate(number=Count("id")).order_by("reason"))
