"""Cameras and what is seen on videos: the register, looks on record, and detections that people must confirm.

Nothing here recognises anybody. Classes that name persons, faces or number plates are refused when a detector is
registered, and no video ever comes in: a link, or one snapshot of a thing.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.db import IntegrityError, transaction

from cityloop.ground.codes import cell, check_point
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.loops.sensing import ports
from cityloop.loops.sensing.actions.alarming import rule
from cityloop.loops.sensing.models import Camera, Detection, Detector, Look
from cityloop.town.catalog import queries as catalog
from cityloop.town.files.actions import keep as keep_photo
from cityloop.town.hooks.signing import new_secret
from cityloop.town.ledger.actions import record
from cityloop.town.orgs.authority import Scope
from cityloop.town.units import queries as units

KIND = "sensing"
KEY = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")
PERSONS = ("face", "person", "pedestrian", "identity", "plate", "licence", "license", "gender", "人脸", "车牌", "行人")
OLDEST, AHEAD = 86_400_000_000, 300_000_000
_encode = msgspec.json.Encoder(order="sorted").encode


class Seen(msgspec.Struct, kw_only=True):
    """What a detector says it saw. `snapshot` is a picture of the thing, without persons."""

    event: str
    kind: str
    at: int
    lon: float | None = None
    lat: float | None = None
    camera: str = ""
    confidence: float | None = None
    snapshot: Any = None


@transaction.atomic
def register(
    *, key: str, name: str, link: str, lon: float, lat: float, level: int = 0, by: Actor, at: int
) -> Camera:  # fmt: skip
    """Register a camera, or change what is known of it."""
    _key(key)
    if len(link) > 500 or not _secure(link):
        raise Refusal("sensing.camera.link", "Give an https link into the city's video system.", "link")
    if level not in range(4):
        raise Refusal("sensing.camera.level", "The level is 0 to 3.", "level")
    lon, lat = check_point(lon, lat)
    said = {
        "name": clean(name).strip()[:255] or key, "link": link, "lon": lon, "lat": lat, "cell": cell(lon, lat),
        "unit_code": units.locate(lon, lat) or "", "level": level, "active": True, "at": at,
    }  # fmt: skip
    one, new = Camera.objects.update_or_create(key=key, defaults=said)
    record(subject=one.subject, kind=KIND, what="added" if new else "changed", by=by, at=at, data={"key": key})
    return one


def _secure(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


@transaction.atomic
def take_down(*, key: str, by: Actor, at: int) -> None:
    """Take a camera out of the register; who looked through it stays on record."""
    one = Camera.objects.filter(key=key, active=True).first()
    if one is None:
        raise unknown()
    Camera.objects.filter(pk=one.pk).update(active=False, at=at)
    record(subject=one.subject, kind=KIND, what="removed", by=by, at=at, data={"key": key})


def unknown() -> Refusal:
    """Say that there is no such camera, or none for these eyes."""
    return Refusal("sensing.camera.unknown", "There is no such camera.", "camera")


@transaction.atomic
def look(*, key: str, purpose: str, scope: Scope, by: Actor, at: int) -> str:
    """Give the link of a camera, and keep on the ledger who looked, in which post, when and what for."""
    one = Camera.objects.filter(key=key, active=True).first()
    if one is None or not scope.may(by, one.unit_code, one.level):
        raise unknown()
    if not clean(purpose).strip():
        raise Refusal("sensing.look.purpose", "Say what you look for.", "purpose")
    Look.objects.create(camera=one, post=by.post, role=by.role, purpose=clean(purpose).strip()[:200], at=at)
    record(subject=one.subject, kind=KIND, what="looked", by=by, at=at, data={"key": key})
    return opened(one.link)


def opened(sealed: Any) -> str:
    """Give sealed text in the clear."""
    return str(sealed.open())


def _key(key: str) -> None:
    if not KEY.fullmatch(key):
        raise Refusal("sensing.key", "A key has small letters, digits and . _ - alone, up to 60.", "key")


# --- what is seen on videos -----------------------------------------------------------------------


@transaction.atomic
def admit(*, key: str, classes: Mapping[str, str], by: Actor, at: int) -> str:
    """Admit a detector, or admit it anew; give the secret with which it signs, once."""
    _key(key)
    if not classes:
        raise Refusal("sensing.detector.classes", "Say which of its classes is which matter.", "classes")
    for kind, matter in classes.items():
        if any(word in kind.lower() for word in PERSONS):
            raise Refusal("sensing.detector.persons", "No class of persons is taken: {kind}.", "classes", kind=kind)
        if matter not in catalog.current().matters:
            raise Refusal("catalog.matter.unknown", "Choose a matter from the catalogue.", "classes")
    secret = new_secret()
    said = {"secret": secret, "classes": dict(classes), "active": True, "at": at}
    one, _new = Detector.objects.update_or_create(key=key, defaults=said)
    record(
        subject=f"detector:{one.pk}", kind=KIND, what="admitted", by=by, at=at, data={"classes": dict(classes)}
    )  # fmt: skip
    return secret


@transaction.atomic
def dismiss(*, key: str, by: Actor, at: int) -> None:
    """Take nothing more from a detector."""
    one = Detector.objects.filter(key=key, active=True).first()
    if one is None:
        raise Refusal("sensing.detector.unknown", "There is no such detector.", "detector")
    Detector.objects.filter(pk=one.pk).update(active=False, at=at)
    record(subject=f"detector:{one.pk}", kind=KIND, what="dismissed", by=by, at=at, data={})


def sight(*, detector: Detector, seen: Seen, now: int) -> tuple[int, bool]:
    """Take what was seen into the intake book, to be confirmed by a person; give the case, and whether it is new.

    The same event again gives the same answer; another under its name is refused.
    """
    matter = detector.classes.get(seen.kind)
    if matter is None:
        raise Refusal("sensing.detection.class", "This class is not taken from this detector.", "class")
    if not now - OLDEST < seen.at < now + AHEAD:
        raise Refusal("sensing.detection.time", "What was seen lies within the last day.", "at")
    camera = _camera(seen.camera)
    lon, lat = (camera.lon, camera.lat) if camera and seen.lon is None else _point(seen)
    body = sha256(_encode(msgspec.structs.replace(seen, snapshot=None))).digest()
    if (known := _known(detector, seen.event, body)) is not None:
        return known, False
    by = rule(f"detector:{detector.key}")
    photos = (keep_photo(seen.snapshot, subject="", by=by, at=now),) if seen.snapshot is not None else ()
    sign = _sign(detector, seen, matter, (lon, lat), camera, photos)
    try:
        with transaction.atomic():
            row = Detection.objects.create(
                detector=detector, event=seen.event, kind=seen.kind, at=seen.at, confidence=seen.confidence, body=body
            )
            case, new = ports.cases()(msgspec.structs.replace(sign, event=f"detection:{row.pk}"), now)
            Detection.objects.filter(pk=row.pk).update(case=case)
    except IntegrityError:
        return _known(detector, seen.event, body) or 0, False
    return case, new


def _known(detector: Detector, event: str, body: bytes) -> int | None:
    row = Detection.objects.filter(detector=detector, event=event).first()
    if row is None:
        return None
    if bytes(row.body) != body:
        raise Refusal("sensing.detection.again", "Another event was told under this id already.", "id")
    return int(row.case)


def _camera(key: str) -> Camera | None:
    if not key:
        return None
    one = Camera.objects.filter(key=key, active=True).first()
    if one is None:
        raise unknown()
    return one


def _point(seen: Seen) -> tuple[float, float]:
    if seen.lon is None or seen.lat is None:
        raise Refusal("sensing.detection.place", "Say where it was: lon and lat, or a camera.", "lon")
    return check_point(seen.lon, seen.lat)


def _sign(
    detector: Detector, seen: Seen, matter: str, place: tuple[float, float], camera: Camera | None,
    photos: tuple[Any, ...],
) -> ports.Sign:  # fmt: skip
    unit = units.locate(*place)
    if unit is None:
        raise Refusal("cases.report.outside", "This place lies outside the city.", field="lon")
    where = f", {camera.name}" if camera else ""
    sure = "" if seen.confidence is None else f" ({seen.confidence:.0%})"
    return ports.Sign(
        event="", rule=f"detector:{detector.key}", matter=matter, unit=unit, lon=place[0], lat=place[1], urgent=False,
        facts={"alarm": seen.event, "rule": f"detector:{detector.key}", "since": seen.at},
        words=f"{seen.kind}{sure}{where}", channel="video", photos=photos,
    )  # fmt: skip
