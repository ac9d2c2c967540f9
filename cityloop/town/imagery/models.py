"""The register of layers. Only this room's actions write it."""

from django.db import models
from django.db.models import F, Q

from cityloop.town.columns import InstantField

XYZ, WMTS, COG = "xyz", "wmts", "cog"
KINDS = (XYZ, WMTS, COG)


class Layer(models.Model):
    """A picture of the city from above, taken on one day or between two.

    `address` is a template with {z}, {x} and {y}; of a GeoTIFF of our own, its name in the folder of imagery.
    `at` is the city's time, `revised` the real one: by it a process knows that what it kept is old.
    `public` layers are for everybody; others for posts that see cases, up to their confidentiality `level`.
    """

    key = models.CharField(max_length=60, unique=True)
    names = models.JSONField()
    kind = models.CharField(max_length=8)
    address = models.CharField(max_length=1000)
    taken_from = models.DateField()
    taken_to = models.DateField()
    attribution = models.CharField(max_length=200, blank=True, default="")
    licence = models.CharField(max_length=500, blank=True, default="")
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()
    shallowest = models.SmallIntegerField()
    deepest = models.SmallIntegerField()
    public = models.BooleanField(default=False)
    level = models.SmallIntegerField(default=0)
    active = models.BooleanField(default=True)
    at = InstantField()
    revised = InstantField(db_index=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="imagery_kind"),
            models.CheckConstraint(condition=Q(taken_from__lte=F("taken_to")), name="imagery_taken"),
            models.CheckConstraint(condition=Q(shallowest__lte=F("deepest")), name="imagery_zooms"),
            models.CheckConstraint(condition=Q(public=False) | Q(level=0), name="imagery_public"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def subject(self) -> str:
        """The name of this layer on the ledger."""
        return f"imagery:{self.pk}"

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Its west, south, east and north edge in degrees."""
        return (self.west, self.south, self.east, self.north)

    def covers(self, lon: float, lat: float) -> bool:
        """Tell whether a point lies within its edges."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north
