"""Reads of cameras and detectors."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.sensing.models import Camera, Detector, Look
from cityloop.town.columns import under
from cityloop.town.orgs.authority import Scope


def seen_by(scope: Scope) -> QuerySet[Camera]:
    """Select the cameras whose place a scope covers: a department that only works on cases there has none."""
    return Camera.objects.filter(scope.q("unit_code", "level", lambda _path: Q(pk__in=[])), active=True)


def listed(scope: Scope, *, unit: str = "", words: str = "", after: int = 0, most: int = 50) -> list[Camera]:
    """Give cameras in the order of their ids, after an id. One query."""
    rows = seen_by(scope).filter(under("unit_code", unit), pk__gt=after).defer("link")
    return list((rows.filter(name__icontains=words) if words else rows).order_by("pk")[:most])


def one(scope: Scope, key: str) -> Camera:
    """Give a camera; to who may not see its place, it does not exist. One query."""
    found = seen_by(scope).filter(key=key).defer("link").first()
    if found is None:
        raise Refusal("sensing.camera.unknown", "There is no such camera.", "camera")
    return found


def looks(camera: Camera, most: int = 20) -> list[Look]:
    """Give the last looks through a camera, the newest first. One query."""
    return list(Look.objects.filter(camera=camera).order_by("-id")[:most])


def every() -> Iterable[Camera]:
    """Give all cameras, to who works on the city's own machine."""
    return Camera.objects.filter(active=True).defer("link").order_by("key")


def detector(key: str) -> Detector:
    """Give a detector that is admitted. One query."""
    found = Detector.objects.filter(key=key, active=True).first()
    if found is None:
        raise Refusal("sensing.detector.unknown", "There is no such detector.", "detector")
    return found


def detectors() -> list[Detector]:
    """Give all detectors that are admitted. One query."""
    return list(Detector.objects.filter(active=True).order_by("key"))
