"""Cases, their parts, the reports they grew from, and who follows them."""

from django.db import models
from django.db.models import Q

from cityloop.town.columns import CodeField, InstantField, RowIdField

SUBJECT = "case"
PLACE = "place"  # on the ledger, that the address of a case was erased: `place:<id>`
SOURCE = "source"  # on the ledger, what the source of an import said later of a case: `source:<id>`
OPEN = Q(closed__isnull=True)


class LoopText(models.Model):
    """A loop definition as it stood when cases were pinned to it, so that old cases keep their rules."""

    digest = models.CharField(max_length=64, primary_key=True)
    profile = models.CharField(max_length=24)
    text = models.TextField()


class Case(models.Model):
    """A case. `snapshot` is the loop state; the other columns are read from it so that lists can ask."""

    definition = models.CharField(max_length=64)
    snapshot = models.TextField()
    slots = models.TextField(default="{}")
    head = models.BinaryField(max_length=32)
    state = models.CharField(max_length=24)
    seq = models.IntegerField()
    round = models.SmallIntegerField(default=1)
    matter = CodeField(max_length=60, blank=True)
    unit_code = CodeField(max_length=32)
    unit_filed = CodeField(max_length=32, blank=True)
    level = models.SmallIntegerField(default=0)
    urgent = models.BooleanField(default=False)
    held = models.CharField(max_length=24, blank=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    cell = models.BigIntegerField(null=True)
    address = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=8, default="live")
    channel = models.CharField(max_length=40, blank=True)
    created = InstantField()
    at = InstantField()
    filed = InstantField(null=True)
    closed = InstantField(null=True)
    due = InstantField(null=True)
    resolution = models.CharField(max_length=24, blank=True)
    adjusted = models.BooleanField(default=False, help_text="whether an appeal was upheld: it counts as late no more")
    lead_org = models.BigIntegerField(default=0)
    person = models.BigIntegerField(default=0)
    # Most cases have neither: the partial indexes below are enough, and a full one would be written for every case.
    parent = models.ForeignKey("self", null=True, db_index=False, on_delete=models.PROTECT, related_name="children")
    into = models.ForeignKey("self", null=True, db_index=False, on_delete=models.PROTECT, related_name="folded")
    source = models.CharField(max_length=60, blank=True)
    source_key = models.CharField(max_length=120, blank=True)
    source_due = InstantField(null=True)
    source_status = models.CharField(max_length=60, blank=True)
    precision = models.CharField(max_length=6, default="second")
    marked = models.CharField(max_length=40, blank=True)
    # The ledger has SHA-256(salt ‖ address); the salt goes with the address when it is erased.
    address_salt = models.BinaryField(max_length=16, null=True)
    component = CodeField(max_length=16, blank=True, default="", help_text="the thing it is about, by its code")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_key"], name="case_source_key_once", condition=~Q(source="")
            ),
        ]
        indexes = [
            models.Index(fields=["unit_code", "state"], name="case_unit_state"),
            models.Index(fields=["lead_org", "state"], name="case_lead_state"),
            models.Index(fields=["person"], name="case_person", condition=Q(person__gt=0)),
            models.Index(fields=["cell"], name="case_cell", condition=Q(cell__isnull=False)),
            # The open cases alone, with all that counting them by unit or by square asks for (maps: see onmap.py).
            models.Index(
                fields=["unit_code", "level", "due", "created", "person", "matter", "id"],
                name="case_open_unit",
                condition=OPEN,
            ),
            models.Index(
                fields=["cell", "level", "unit_code", "due", "person", "id"], name="case_open_cell", condition=OPEN
            ),
            models.Index(fields=["id"], name="case_open_newest", condition=OPEN),
            models.Index(fields=["state", "id"], name="case_state_newest"),
            models.Index(fields=["closed"], name="case_closed", condition=Q(closed__isnull=False)),
            # Counting what came in, by matter and unit, reads no row (see trying.py).
            models.Index(fields=["created", "matter", "unit_code"], name="case_created"),
            models.Index(fields=["matter", "id"], name="case_matter"),
            models.Index(fields=["into"], name="case_into", condition=Q(into__isnull=False)),
            models.Index(fields=["component", "id"], name="case_component", condition=Q(component__gt="")),
            models.Index(fields=["parent"], name="case_parent", condition=Q(parent__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"case {self.pk} {self.state}"

    @property
    def subject(self) -> str:
        """The name of this case on the ledger."""
        return f"{SUBJECT}:{self.pk}"

    @property
    def timed_elsewhere(self) -> bool:
        """Whether it was imported and nothing was done with it here yet: no clock of ours has run for it."""
        return self.origin == "import" and self.seq == 1


class Part(models.Model):
    """What one organisation does for a case: the list-side of the snapshot's parts."""

    id = RowIdField(primary_key=True)
    case = models.ForeignKey(Case, db_index=False, on_delete=models.CASCADE, related_name="parts")
    round = models.SmallIntegerField()
    number = models.SmallIntegerField()
    org = models.BigIntegerField()
    org_path = CodeField(max_length=200)
    role = models.CharField(max_length=10)
    state = models.CharField(max_length=12)
    due = InstantField(null=True)
    ended = models.BooleanField(default=False, help_text="whether its case has ended")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "round", "number"], name="case_part_once")]
        indexes = [
            models.Index(fields=["org_path", "case"], name="case_part_org"),
            # Those of open cases alone: maps of a department that has a part in much of what the city ever did.
            models.Index(fields=["org_path", "case"], name="case_part_open", condition=Q(ended=False)),
            models.Index(fields=["case", "org_path"], name="case_part_of_case"),  # may this department see that case?
        ]


class Report(models.Model):
    """What came in from one channel, once. Its words live with `persons`; the follow code only as a digest."""

    id = RowIdField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reports")
    created = InstantField()
    channel = models.CharField(max_length=40)
    origin = models.CharField(max_length=8, default="live")
    language = models.CharField(max_length=10, default="en")
    person = models.BigIntegerField(default=0)
    follow = models.BinaryField(max_length=32, null=True, unique=True)

    class Meta:
        indexes = [models.Index(fields=["person"], name="case_report_person", condition=Q(person__gt=0))]


class Follower(models.Model):
    """Somebody who follows a case without having reported it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="followers")
    since = InstantField()
    person = models.BigIntegerField(default=0)
    language = models.CharField(max_length=10, default="en")
    follow = models.BinaryField(max_length=32, null=True, unique=True)


class Submission(models.Model):
    """An idempotency key of a door and client, kept with the answer given while it holds; `at` is the real time."""

    door = models.CharField(max_length=24)
    client = models.CharField(max_length=64)
    key = models.CharField(max_length=120)
    body = models.BinaryField(max_length=32)
    answer = models.TextField(default="")
    at = InstantField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["door", "client", "key"], name="case_submission_once")]
        indexes = [models.Index(fields=["at"], name="case_submission_at")]


class DayCount(models.Model):
    """What everybody may know of a day of the city, by unit (of every level), who leads, and matter; see daily/."""

    pk = models.CompositePrimaryKey("unit_code", "day", "org", "matter")
    unit_code = CodeField(max_length=32)
    day = models.IntegerField(help_text="its number, as `date.toordinal` gives it")
    org = models.BigIntegerField()
    matter = CodeField(max_length=60)
    received = models.IntegerField()
    ended = models.IntegerField()
    closed = models.IntegerField()
    limited = models.IntegerField()
    late = models.IntegerField()
    late_adjusted = models.IntegerField(help_text="of the late, those whose appeal was not upheld")
    timed = models.IntegerField()
    reopened = models.IntegerField()
    disputed = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["day"], name="case_day_count")]


class DayTime(models.Model):
    """How long the `timed` of a `DayCount` took: so many of each size, sizes two percent apart."""

    pk = models.CompositePrimaryKey("unit_code", "day", "org", "matter", "size")
    unit_code = CodeField(max_length=32)
    day = models.IntegerField()
    org = models.BigIntegerField()
    matter = CodeField(max_length=60)
    size = models.SmallIntegerField()
    number = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["day"], name="case_day_time")]


class Posting(models.Model):
    """A case has a term in its place, its matter or its words. The term is blinded: the index tells no words."""

    pk = models.CompositePrimaryKey("case_id", "term")
    case = models.ForeignKey(Case, db_index=False, on_delete=models.CASCADE, related_name="+")
    term = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["term", "case"], name="case_posting_term")]


class Term(models.Model):
    """A word of places and matters, in the clear, against which a mistyped word is held; never one of a person's."""

    id = RowIdField(primary_key=True)
    text = CodeField(max_length=40, unique=True)
