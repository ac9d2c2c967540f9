"""Reads of files. Nobody reads by a hash: only by unguessable uuid, and only what `readable` allows."""

from collections.abc import Iterable
from importlib import import_module
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.files import rules
from cityloop.town.files.models import File
from cityloop.town.files.photo import THUMBNAILS
from cityloop.town.files.ports import Reader


def by_uuid(uuid: UUID | str) -> File:
    """Give a file by the uuid it is asked for; refuses a uuid that is none or unknown. One query."""
    try:
        return File.objects.get(uuid=UUID(str(uuid)))
    except (ValueError, File.DoesNotExist) as error:
        raise Refusal("files.unknown", "There is no such file.", "file") from error


def of(subject: str) -> list[File]:
    """Give the files of a subject in the order they came. One query."""
    return list(File.objects.filter(subject=subject).order_by("id"))


def of_many(subjects: Iterable[str]) -> dict[str, list[File]]:
    """Give the files of many subjects. One query."""
    found: dict[str, list[File]] = {}
    for file in File.objects.filter(subject__in=list(subjects)).order_by("id"):
        found.setdefault(file.subject, []).append(file)
    return found


def by_uuids(uuids: Iterable[str]) -> dict[str, File]:
    """Give the files of several uuids, those that are there. One query."""
    return {str(file.uuid): file for file in File.objects.filter(uuid__in=list(uuids))}


def known(uuids: Iterable[str]) -> set[str]:
    """Give those of some keys whose photos are there: others were erased. One query."""
    return {str(key) for key in File.objects.filter(uuid__in=list(uuids)).values_list("uuid", flat=True)}


def readable(file: File, scope: Any) -> bool:
    """Tell whether this scope may read the file: the room that owns its subject says so; if none does, no."""
    readers: dict[str, Reader] = import_module(settings.WIRING).PORTS.get(Reader, {})
    reader = readers.get(file.subject.partition(":")[0])
    return reader is not None and reader(file.subject, scope)


def opened(file: File, side: int = 0) -> IO[bytes]:
    """Open the picture, or its thumbnail of 320 or 1280 pixels, after `readable` has allowed it."""
    if side and side not in THUMBNAILS:
        raise Refusal("files.side", "Ask for a thumbnail of 320 or 1280 pixels.", "side")
    return default_storage.open(rules.path(file.sha256, side))


def mime(file: File, side: int = 0) -> str:
    """Give the type to serve it with, always together with `X-Content-Type-Options: nosniff`."""
    return "image/jpeg" if side else file.mime
