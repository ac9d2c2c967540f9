"""What is told of alarms at the JSON door."""

from ninja import Schema
from pydantic import Field

from cityloop.doors.api.schemas_in import In, Text


class AlarmOut(Schema):
    """An alarm. `about` is a datastream (`ds:12`) or a unit; `case` is "" where there is none that you may see."""

    id: int
    rule: str
    about: str
    state: str
    severity: str
    matter: str
    unit: str
    place: str
    lon: float | None
    lat: float | None
    since: str
    raised: str
    ended: str | None
    value: float | None
    worst: float | None
    case: str
    case_href: str
    datastream: str
    seq: int
    href: str
    actions: list[str]


class AlarmsPage(Schema):
    """A page of alarms."""

    items: list[AlarmOut]
    next: str | None


class AlarmActIn(In):
    """An action on an alarm."""

    words: Text = Field("", max_length=5000, description="Why; needed to dismiss.")
    expected: int | None = Field(None, ge=0, lt=2**31, description="The `seq` you saw.")


class DetectionIn(In):
    """Something seen on a video. A place is a point, or a camera of the register."""

    id: Text = Field(min_length=1, max_length=80, description="The sender's id of the event; taken once.")
    kind: Text = Field(min_length=1, max_length=60, alias="class", description="A class the detector was admitted for.")
    at: Text = Field(max_length=40, description="When it was seen, RFC 3339.")
    lon: float | None = Field(None, ge=-180, le=180)
    lat: float | None = Field(None, ge=-90, le=90)
    camera: Text = Field("", max_length=60)
    confidence: float | None = Field(None, ge=0, le=1)
    snapshot: str = Field("", max_length=4_000_000, description="A JPEG, PNG or WebP picture in base64.")


class DetectedOut(Schema):
    """The case that it opened, or joined."""

    number: str
    new: bool
    href: str
