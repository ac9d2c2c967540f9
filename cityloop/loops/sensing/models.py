"""Tables of sensing, in the words of the OGC's SensorThings API. Actions alone write them.

Descriptions are few and have ids; readings are many, and are known by what they are of and when (see ADR 0016).
"""

from django.db import models

from cityloop.town.columns import CodeField, InstantField

SUBJECT = "sensing"  # the subject on the ledger of what concerns no single entity: files of readings


class Described(models.Model):
    """What every described entity has."""

    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    properties = models.JSONField(default=dict)
    created = InstantField()
    at = InstantField(help_text="when it was last changed")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.name)


class Shaped(Described):
    """A described entity with a shape on the map; `lon` and `lat` are its point, or one in it."""

    encoding_type = models.CharField(max_length=120, default="application/geo+json")
    shape = models.JSONField()
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)

    class Meta:
        abstract = True


class Location(Shaped):
    """Where things stand, now or once."""


class Thing(Described):
    """Something that instruments hang on: a station, a mast, a bus."""

    locations = models.ManyToManyField(Location, related_name="things")
    unit_code = CodeField(max_length=32, blank=True, default="", db_index=True, help_text="'' where it is not known")


class HistoricalLocation(models.Model):
    """Since when a thing stood where."""

    thing = models.ForeignKey(Thing, on_delete=models.CASCADE, related_name="historical_locations", db_index=False)
    time = InstantField()
    locations = models.ManyToManyField(Location, related_name="historical_locations")

    class Meta:
        indexes = [models.Index(fields=["thing", "time"], name="sensing_stood")]

    def __str__(self) -> str:
        return f"{self.thing_id} since {self.time}"


class Sensor(Described):
    """An instrument, or the way of measuring."""

    encoding_type = models.CharField(max_length=120)
    metadata = models.JSONField()


class ObservedProperty(Described):
    """What is measured. A value outside `least` to `most` is physically impossible: it goes to the quarantine."""

    definition = models.TextField()
    least = models.FloatField(null=True)
    most = models.FloatField(null=True)

    class Meta:
        verbose_name_plural = "observed properties"


class FeatureOfInterest(Shaped):
    """What a reading tells about; by default the place of the thing that its instrument hangs on."""

    location = models.OneToOneField(Location, null=True, on_delete=models.SET_NULL, related_name="feature")

    class Meta:
        verbose_name_plural = "features of interest"


class Datastream(Described):
    """The readings of one property by one instrument on one thing."""

    thing = models.ForeignKey(Thing, on_delete=models.CASCADE, related_name="datastreams")
    sensor = models.ForeignKey(Sensor, on_delete=models.CASCADE, related_name="datastreams")
    observed_property = models.ForeignKey(ObservedProperty, on_delete=models.CASCADE, related_name="datastreams")
    observation_type = models.CharField(max_length=120)
    unit = models.JSONField(help_text="name, symbol and definition of the unit")
    area = models.JSONField(null=True)
    feature = models.ForeignKey(FeatureOfInterest, null=True, on_delete=models.SET_NULL, related_name="+")
    features = models.ManyToManyField(
        FeatureOfInterest, related_name="datastreams", help_text="all that any of its readings tells about"
    )


class Latest(models.Model):
    """What a datastream said last, how much it has said, and over which time: kept with each reading, never counted."""

    datastream = models.OneToOneField(Datastream, primary_key=True, on_delete=models.CASCADE, related_name="latest")
    time = InstantField()
    lasts = models.BigIntegerField()
    result = models.FloatField(null=True)
    first = InstantField()
    last = InstantField()
    made_first = InstantField(null=True)
    made_last = InstantField(null=True)
    count = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "latest"


class Observation(models.Model):
    """One reading: known by its datastream, when it began and how long it lasted; so a repeated post changes nothing.

    `result` holds numbers, and truths as 1 and 0. What is no number, and what is seldom said (quality, validity,
    parameters), stands in `more`.
    """

    pk = models.CompositePrimaryKey("datastream_id", "time", "lasts")
    datastream = models.ForeignKey(
        Datastream, on_delete=models.DO_NOTHING, related_name="observations", db_constraint=False, db_index=False
    )
    time = InstantField()
    lasts = models.BigIntegerField()
    result = models.FloatField(null=True)
    made = InstantField(null=True, help_text="when the result was there, where that is said")
    feature = models.ForeignKey(
        FeatureOfInterest, null=True, on_delete=models.DO_NOTHING, related_name="observations", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    more = models.JSONField(null=True)


class Quarantined(models.Model):
    """A reading that could not be believed: the whole of it, why, and who sent it. Never thrown away."""

    datastream = models.BigIntegerField(null=True, help_text="as it was named; it need not exist")
    time = InstantField(null=True)
    reason = models.CharField(max_length=20)
    said = models.TextField(help_text="the reading as it came")
    source = models.CharField(max_length=120)
    received = InstantField()

    class Meta:
        verbose_name_plural = "quarantined"
        indexes = [models.Index(fields=["datastream", "received"], name="sensing_quarantine")]
