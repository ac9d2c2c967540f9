"""What detectors outside see on videos: a signed message, a claim that a person must confirm."""

from base64 import b64decode
from binascii import Error
from io import BytesIO
from typing import Any

from django.http import HttpRequest, HttpResponse

from cityloop.doors.api import shown
from cityloop.doors.api.answers import said
from cityloop.doors.api.bodies import json_body
from cityloop.doors.api.door import Anybody, api
from cityloop.doors.api.openapi import can
from cityloop.doors.api.schemas_alarms import DetectedOut, DetectionIn
from cityloop.doors.api.times import instant
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import queries as cases
from cityloop.loops.sensing import eyes
from cityloop.loops.sensing.actions.eyes import Seen, opened, sight
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.hooks import signing


@api.post("/detections/{detector}", response=can(DetectedOut, 201, "key path body"), auth=Anybody(), tags=["alarms"])
def detection(request: HttpRequest, detector: str, body: DetectionIn) -> HttpResponse:
    """Take what a detector saw into the intake book, to be confirmed by a person.

    The message is signed after Standard Webhooks with the secret the detector was admitted with: the headers
    `webhook-id`, `webhook-timestamp` and `webhook-signature`. The same `id` again is taken once. No faces, no number
    plates: classes of persons are not taken, and a snapshot shows the thing alone.
    """
    json_body(request)
    known = eyes.detector(detector)
    if not signing.holds(opened(known.secret), request.headers, request.body, real_now() // 1_000_000):
        raise Refusal("authority.signature", "The signature does not hold for this message.", "webhook-signature")
    seen = Seen(
        event=body.id, kind=body.kind, at=instant(body.at, "at"), lon=body.lon, lat=body.lat, camera=body.camera,
        confidence=body.confidence, snapshot=_picture(body.snapshot),
    )  # fmt: skip
    case, new = sight(detector=known, seen=seen, now=city_clock.now())
    number = cases.number_of(case)
    return said({"number": number, "new": new, "href": shown.href(number)}, 201)


def _picture(text: str) -> Any:
    if not text:
        return None
    try:
        return BytesIO(b64decode(text, validate=True))
    except (Error, ValueError):
        raise Refusal("sensing.detection.snapshot", "Send the snapshot in base64.", "snapshot") from None
