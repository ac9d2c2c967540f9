"""Tables of sensing, in the words of the OGC's SensorThings API. Actions alone write them.

Descriptions are few and have ids; readings are many, and are known by what they are of and when (see ADR 0016).
"""

from django.db import models
from django.db.models import Q

from cityloop.town.columns import CodeField, InstantField, RowIdField
from cityloop.town.persons.fields import EncryptedField

STANDS = Q(ended__isnull=True)
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
    """A described entity with a shape on the map; `lon` and `lat` are its point, or one in it.

    `west` to `north` say how far it reaches, so that a question about a place reads the shapes near it alone.
    """

    encoding_type = models.CharField(max_length=120, default="application/geo+json")
    shape = models.JSONField()
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    west = models.FloatField(null=True)
    south = models.FloatField(null=True)
    east = models.FloatField(null=True)
    north = models.FloatField(null=True)

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["west", "east", "south", "north"], name="%(app_label)s_%(class)s_box")]


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

    class Meta(Shaped.Meta):
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
        indexes = [
            models.Index(fields=["datastream", "received"], name="sensing_quarantine"),
            models.Index(fields=["received"], name="sensing_quarantine_received"),
        ]


# --- what the readings mean -----------------------------------------------------------------------


class Arrived(models.Model):
    """Readings that no rule has looked at yet, packed as columns: written with them, gone with what came of them."""

    id = RowIdField(primary_key=True)
    readings = models.BinaryField()
    number = models.IntegerField()
    at = InstantField(help_text="the real time")
    partition = models.SmallIntegerField(db_default=-1, help_text="of the stream; -1: not sorted, see handing.py")
    sent = InstantField(null=True, help_text="when the stream had it, in real time")

    class Meta:
        verbose_name_plural = "arrived"


class Stand(models.Model):
    """How a rule stands with a datastream that was not always calm: see `rules.phases`."""

    pk = models.CompositePrimaryKey("datastream_id", "rule")
    datastream = models.ForeignKey(Datastream, on_delete=models.CASCADE, db_index=False, related_name="+")
    rule = CodeField(max_length=190)
    phase = models.SmallIntegerField()
    since = InstantField()
    judged = InstantField()
    unit_code = CodeField(max_length=32, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["rule", "unit_code"], name="sensing_stand_raised", condition=Q(phase=2))]


class Normal(models.Model):
    """What is normal for a datastream at each hour of the week: 168 middle values, then 168 spreads, as float64."""

    datastream = models.OneToOneField(Datastream, primary_key=True, on_delete=models.CASCADE, related_name="+")
    hours = models.BinaryField()
    at = InstantField()


class Doubt(models.Model):
    """Why a datastream is not quite believed though it speaks: it stands still, drifts, or jumped."""

    pk = models.CompositePrimaryKey("datastream_id", "kind")
    datastream = models.ForeignKey(Datastream, on_delete=models.CASCADE, db_index=False, related_name="doubts")
    kind = models.CharField(max_length=8, help_text="stuck, drifts or jumped")
    since = InstantField()
    by = models.FloatField(null=True, help_text="how far it went away from its peers, in its unit")
    away = models.JSONField(default=list, help_text="pairs: when a day began, and how far it was away on it")
    peers = models.IntegerField(default=0)
    unit_code = CodeField(max_length=32, blank=True, default="", help_text="in which its peers are")
    at = InstantField()


class Census(models.Model):
    """What is measured of one kind, summed up now and then: who asks reads one row, however many instruments."""

    key = CodeField(max_length=255, primary_key=True, help_text="plate/key, or the name where no plate knows it")
    name = models.CharField(max_length=255)
    number = models.IntegerField()
    silent = models.IntegerField(help_text="too long, or always")
    never = models.IntegerField(db_default=0, help_text="of them, those that never spoke")
    doubtful = models.IntegerField()
    least = models.FloatField(null=True, help_text="of what was said last by those that speak")
    mean = models.FloatField(null=True)
    most = models.FloatField(null=True)
    newest = InstantField(null=True)
    at = InstantField()

    class Meta:
        verbose_name_plural = "census"


class Alarm(models.Model):
    """An alarm: what a rule of a plate found of a datastream, or of the things of a unit that agree.

    Its loop stands in `snapshot` (see `ground/loop/definitions/alarm.toml`). `about` is what it is told once of, as
    long as it stands: `ds:12`, or `unit:3101`. `worst` is the reading furthest beyond. A case is named by its id.
    """

    definition = models.CharField(max_length=64)
    snapshot = models.TextField()
    slots = models.TextField(default="{}")
    head = models.BinaryField(max_length=32)
    state = models.CharField(max_length=24)
    seq = models.IntegerField()
    at = InstantField()
    rule = CodeField(max_length=190, help_text="plate/what is observed/alarm")
    about = CodeField(max_length=60)
    datastream = models.ForeignKey(Datastream, null=True, on_delete=models.SET_NULL, related_name="alarms")
    catalogue = CodeField(max_length=64)
    matter = CodeField(max_length=60)
    severity = models.CharField(max_length=8)
    unit_code = CodeField(max_length=32, blank=True, default="")
    level = models.SmallIntegerField(default=0)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    place = models.CharField(max_length=255, blank=True, default="")
    since = InstantField(help_text="the first reading that said so")
    raised = InstantField(help_text="the reading that made it an alarm")
    ended = InstantField(null=True)
    value = models.FloatField(null=True)
    worst = models.FloatField(null=True)
    case = models.BigIntegerField(default=0)
    opened = models.BooleanField(default=False, help_text="it opened its case, and did not join one")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "about"], name="sensing_alarm_once", condition=STANDS),
        ]
        indexes = [
            models.Index(fields=["unit_code", "level", "raised"], name="sensing_alarm_open", condition=STANDS),
            models.Index(fields=["raised"], name="sensing_alarm_raised"),
            models.Index(fields=["case"], name="sensing_alarm_case", condition=Q(case__gt=0)),
        ]

    def __str__(self) -> str:
        return f"alarm {self.pk} {self.rule} {self.state}"

    @property
    def subject(self) -> str:
        """The name of this alarm on the ledger."""
        return f"alarm:{self.pk}"


class Position(models.Model):
    """Where a moving thing was last, and in which unit. Its track are the readings of its positions."""

    thing = models.OneToOneField(Thing, primary_key=True, on_delete=models.CASCADE, related_name="position")
    time = InstantField()
    lon = models.FloatField()
    lat = models.FloatField()
    unit_code = CodeField(max_length=32, blank=True, default="", help_text="'' outside of the city")


# --- eyes -----------------------------------------------------------------------------------------


class Camera(models.Model):
    """A camera of the city's own video system: where it stands, and the link under which that system shows it.

    The link is given to whose post sees the place, at a look that is kept on the ledger. No picture comes to us.
    """

    key = CodeField(max_length=60, unique=True)
    name = models.CharField(max_length=255)
    link = EncryptedField(help_text="https, to a page or a stream (HLS, WebRTC) of the video system")
    lon = models.FloatField()
    lat = models.FloatField()
    cell = models.BigIntegerField()
    unit_code = CodeField(max_length=32, blank=True, default="")
    level = models.SmallIntegerField(default=0)
    active = models.BooleanField(default=True)
    at = InstantField()

    class Meta:
        indexes = [
            models.Index(fields=["unit_code", "level"], name="sensing_camera_unit", condition=Q(active=True)),
            models.Index(fields=["cell"], name="sensing_camera_cell", condition=Q(active=True)),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def subject(self) -> str:
        """The name of this camera on the ledger."""
        return f"camera:{self.pk}"


class Look(models.Model):
    """A look through a camera: in which post, when, and what for; the step on the ledger says that it was."""

    id = RowIdField(primary_key=True)
    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, related_name="looks", db_index=False)
    post = models.BigIntegerField()
    role = models.CharField(max_length=24)
    purpose = EncryptedField()
    at = InstantField()

    class Meta:
        indexes = [models.Index(fields=["camera", "id"], name="sensing_look_camera")]


class Detector(models.Model):
    """A program outside that sees things on videos: with what it signs, and which of its classes are which matter."""

    key = CodeField(max_length=60, unique=True)
    secret = EncryptedField()
    classes = models.JSONField(help_text="{class: matter}; of others nothing is taken")
    active = models.BooleanField(default=True)
    at = InstantField()

    def __str__(self) -> str:
        return self.key


class Detection(models.Model):
    """Something that a detector saw, once: kept as what it is, a claim that people must confirm."""

    id = RowIdField(primary_key=True)
    detector = models.ForeignKey(Detector, on_delete=models.PROTECT, db_index=False, related_name="+")
    event = models.CharField(max_length=80)
    kind = models.CharField(max_length=60)
    at = InstantField()
    confidence = models.FloatField(null=True)
    case = models.BigIntegerField(default=0)
    body = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["detector", "event"], name="sensing_detection_once")]


# --- history: readings that have left the hot window ----------------------------------------------


class Part(models.Model):
    """A file of the history: readings of one property and day, or their hours of a month, or their days of a year.

    What no row here names is not part of the history: a file is there before its row, and goes after it.
    """

    READINGS, HOURS, DAYS = "readings", "hours", "days"

    kind = models.CharField(max_length=8)
    observed_property = models.BigIntegerField(help_text="it need not be there any more")
    period = models.CharField(max_length=10, help_text="the city's day, month or year")
    low = models.BigIntegerField(help_text="the first of its datastreams")
    high = models.BigIntegerField(help_text="the last of them")
    first = InstantField()
    last = InstantField()
    rows = models.BigIntegerField()
    size = models.BigIntegerField(help_text="bytes")
    file = models.CharField(max_length=160, help_text="below the folder of the history")
    made = InstantField(help_text="really: when it was written")

    class Meta:
        indexes = [models.Index(fields=["kind", "observed_property", "period"], name="sensing_parts")]

    def __str__(self) -> str:
        return str(self.file)


class Aged(models.Model):
    """Which datastream has readings in the history, under which property, over which time.

    `version` goes up with each file of its readings, so that who looked before can tell that there is more to see.
    """

    pk = models.CompositePrimaryKey("datastream", "observed_property")
    datastream = models.BigIntegerField(help_text="it need not be there any more")
    observed_property = models.BigIntegerField()
    first = InstantField()
    last = InstantField()
    version = models.BigIntegerField(default=1)

    class Meta:
        verbose_name_plural = "aged"


class Withdrawn(models.Model):
    """A reading that a person removed, and that the history may hold: it is not shown, and goes at the next run."""

    pk = models.CompositePrimaryKey("datastream", "time", "lasts")
    datastream = models.BigIntegerField()
    time = InstantField()
    lasts = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "withdrawn"
