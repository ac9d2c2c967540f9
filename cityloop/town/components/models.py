"""Tables of components, their types, the numbers they are given, and how many stand where. Actions alone write them."""

from django.db import models
from django.db.models import Q

from cityloop.town.columns import CodeField, InstantField, RowIdField
from cityloop.town.components.rules.words import ACCURACIES, STATES

SUBJECT = "component"
REGISTER = "components"  # the subject of the register; of each source it has one beneath


class Register(models.Model):
    """The one row that says how this city writes identity codes; `revision` grows when it or a type changes."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    class_width = models.PositiveSmallIntegerField(default=2)
    subclass_width = models.PositiveSmallIntegerField(default=2)
    divisions = models.JSONField(default=dict, help_text="unit code → the six digits its components begin with")
    revision = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="component_register_one_row")]


class Type(models.Model):
    """A kind of component as a plate declares it, in force since it was published."""

    code = CodeField(max_length=60, primary_key=True)
    plate = CodeField(max_length=60)
    level = models.PositiveSmallIntegerField(default=0, help_text="confidentiality, 0 public to 3")
    declared = models.JSONField(help_text="as in the manifest")

    def __str__(self) -> str:
        return str(self.code)


class Component(models.Model):
    """One thing. Its identity code is given once and never changes, whatever becomes of units and organisations."""

    id = RowIdField(primary_key=True)
    code = CodeField(max_length=16, unique=True)
    type = CodeField(max_length=60)
    name = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=9, default="intact")
    level = models.SmallIntegerField(default=0, help_text="that of its type")
    responsible = models.BigIntegerField(default=0)
    owner = models.BigIntegerField(default=0)
    maintainer = models.BigIntegerField(default=0)
    accuracy = models.CharField(max_length=1, default="B")
    lon = models.FloatField()
    lat = models.FloatField()
    cell = models.BigIntegerField()
    unit_code = CodeField(max_length=32)
    attributes = models.JSONField(default=dict)
    installed = models.DateField(null=True)
    surveyed = models.DateField(null=True, help_text="when the source last looked or changed it")
    source = models.CharField(max_length=40, blank=True)
    source_key = models.CharField(max_length=120, blank=True)
    seen = models.BigIntegerField(default=0, help_text="a digest of what its source said last")
    batch = models.IntegerField(default=0, help_text="the step of its source that brought it; 0: it has one of its own")
    created = InstantField()
    at = InstantField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_key"], name="component_source_key_once", condition=~Q(source="")
            ),
            models.CheckConstraint(condition=Q(state__in=STATES), name="component_state"),
            models.CheckConstraint(condition=Q(accuracy__in=ACCURACIES), name="component_accuracy"),
        ]
        indexes = [
            models.Index(fields=["cell", "type", "state"], name="component_cell"),
            models.Index(fields=["unit_code", "id"], name="component_unit"),
        ]

    def __str__(self) -> str:
        return str(self.code)

    @property
    def subject(self) -> str:
        """The name of this component on the ledger."""
        return f"{SUBJECT}:{self.code}"


class Serial(models.Model):
    """The last number given among the codes that begin alike: division, class and subclass."""

    prefix = CodeField(max_length=12, primary_key=True)
    last = models.BigIntegerField()


class Square(models.Model):
    """How many components of a type, not discarded, stand in a square of the map: kept, never counted for a view."""

    pk = models.CompositePrimaryKey("zoom", "square", "type")
    zoom = models.SmallIntegerField()
    square = models.BigIntegerField()
    type = CodeField(max_length=60)
    number = models.BigIntegerField()
    lon = models.BigIntegerField(
        help_text="the sum of their longitudes in microdegrees: their mean is where they stand"
    )
    lat = models.BigIntegerField()


class Tally(models.Model):
    """How many components of a type and state a unit has."""

    pk = models.CompositePrimaryKey("unit_code", "type", "state")
    unit_code = CodeField(max_length=32)
    type = CodeField(max_length=60)
    state = models.CharField(max_length=9)
    number = models.BigIntegerField()
