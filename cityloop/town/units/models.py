"""Tables of units, their shapes, names and codes through time. Only this room's actions write them."""

from django.db import models

from cityloop.ground.codes import CodeScheme, scheme_of
from cityloop.town.columns import CodeField, InstantField


class City(models.Model):
    """The one row that says which city this is."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    key = CodeField(max_length=60)
    names = models.JSONField(default=dict)
    country = models.CharField(max_length=3, blank=True, default="")
    zone = models.CharField(max_length=60)
    code_scheme = models.JSONField(help_text="{levels: [[name, width], ...], alphabet: '0123456789'}")
    level_names = models.JSONField(default=dict, help_text="what each level is called, in several languages")
    case_prefix = models.CharField(max_length=12)
    loop_profile = models.CharField(max_length=20, default="full")
    kind = models.CharField(max_length=20, default="live")
    languages = models.JSONField(default=list)
    map_view = models.JSONField(default=dict, help_text="{lon, lat, zoom}")
    units_version = models.CharField(max_length=16, help_text="changes whenever a unit does")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="city_one_row"),
            models.CheckConstraint(condition=models.Q(loop_profile__in=["full", "small_town"]), name="city_profile"),
            models.CheckConstraint(condition=models.Q(kind__in=["live", "replay", "exercise"]), name="city_kind"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def scheme(self) -> CodeScheme:
        """Give the city's code scheme."""
        return scheme_of(self.code_scheme)

    @property
    def fictional(self) -> bool:
        """Whether the city is an invention: its country is ZZ, which ISO 3166 gives to none."""
        return self.country == "ZZ"


class Unit(models.Model):
    """A governance unit. Its id is permanent; its code is an attribute that changes with time.

    `rest` stands for what is known to lie in the parent and no finer, `unplaced` for what has no place; they
    have no shape. Coordinates are WGS 84 degrees.
    """

    NORMAL, REST, UNPLACED = "normal", "rest", "unplaced"

    code = CodeField(max_length=32)
    level = models.PositiveSmallIntegerField(help_text="0 = the city")
    kind = models.CharField(max_length=10, default=NORMAL)
    names = models.JSONField(default=dict)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    source_key = models.CharField(max_length=60, blank=True, default="", help_text="the unit's key where it came from")
    is_leaf = models.BooleanField(default=False, help_text="located to; false for rest and unplaced")
    valid_from = InstantField()
    valid_to = InstantField(null=True)
    area_m2 = models.FloatField(default=0)
    population = models.FloatField(null=True, help_text="inhabitants, of an inner unit the sum of its leaves")
    west = models.FloatField(null=True)
    south = models.FloatField(null=True)
    east = models.FloatField(null=True)
    north = models.FloatField(null=True)
    lon = models.FloatField(null=True, help_text="a point inside the unit, for labels")
    lat = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=models.Q(valid_to__isnull=True), name="unit_code_once_at_a_time"
            ),
            models.CheckConstraint(condition=models.Q(kind__in=["normal", "rest", "unplaced"]), name="unit_kind"),
        ]
        indexes = [models.Index(fields=["level", "code"], name="unit_level_code")]

    def __str__(self) -> str:
        return self.code


class UnitShape(models.Model):
    """A unit's exact polygon (of an inner unit: the dissolve of its leaves) and a simplified outline for maps."""

    unit = models.OneToOneField(Unit, primary_key=True, on_delete=models.CASCADE, related_name="shape")
    wkb = models.BinaryField()
    outline = models.BinaryField()


class UnitName(models.Model):
    """A name or alias by which texts may call a unit, normalised for look-up."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="aliases")
    level = models.PositiveSmallIntegerField()
    normal = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "normal", "unit"], name="unit_name_once")]


class CodeHistory(models.Model):
    """Which code a unit bore, from when to when (`valid_to` null: still)."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="codes")
    code = CodeField(max_length=32, db_index=True)
    valid_from = InstantField()
    valid_to = InstantField(null=True)


class Lineage(models.Model):
    """What became of a unit: it was split into, merged into, or renumbered."""

    from_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="became")
    to_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="came_from")
    kind = models.CharField(max_length=10)
    at = InstantField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=["split", "merge", "renumber"]), name="lineage_kind")
        ]


class ReferenceLayer(models.Model):
    """Named polygons of another division of the city, kept as they came: precincts, ZIP areas, source districts."""

    key = CodeField(max_length=60, unique=True)
    names = models.JSONField(default=dict)
    source = models.TextField(blank=True, default="")
    terms = models.TextField(blank=True, default="")
    postal = models.BooleanField(default=False, help_text="its areas are postal ones, their keys the codes")


class ReferenceArea(models.Model):
    """One area of a reference layer, and the finest unit that holds (nearly) all of it."""

    layer = models.ForeignKey(ReferenceLayer, on_delete=models.CASCADE, related_name="areas")
    key = models.CharField(max_length=60)
    names = models.JSONField(default=dict)
    unit = models.ForeignKey(Unit, null=True, on_delete=models.SET_NULL, related_name="+")
    wkb = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["layer", "key"], name="reference_area_once")]


class ReferenceName(models.Model):
    """A text by which a reference area is called, normalised for look-up."""

    area = models.ForeignKey(ReferenceArea, on_delete=models.CASCADE, related_name="aliases")
    layer = models.ForeignKey(ReferenceLayer, on_delete=models.CASCADE, related_name="+")
    normal = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["layer", "normal", "area"], name="reference_name_once")]
