"""The only writer of files."""

import hashlib
from typing import Protocol

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.town.files import photo, rules
from cityloop.town.files.models import File


class Upload(Protocol):
    """What a door hands over: Django's `UploadedFile`, or any binary file."""

    def read(self, size: int = -1, /) -> bytes: ...


def keep(upload: Upload, *, subject: str, by: Actor, at: int) -> File:
    """Keep a photo of `subject`: decoded, stripped, written anew, with thumbnails; the row last of all.

    Call it before opening a transaction: decoding takes up to a second. Equal pictures share their bytes, each
    with a row of its own. Refuses what is no JPEG, PNG or WebP picture, is too big, or does not decode.
    """
    data = upload.read(photo.MAX_BYTES + 1)
    if not data:
        raise Refusal("files.photo.empty", "This photo is empty; choose another.", photo.FIELD)
    picture = photo.clean(data)
    digest = hashlib.sha256(picture.content).hexdigest()
    _store(rules.path(digest), picture.content)
    for side, content in picture.thumbnails.items():
        _store(rules.path(digest, side), content)
    return _row(picture, digest, hashlib.sha256(data).hexdigest(), subject, by, at)


@transaction.atomic
def attach(*, file: File, subject: str) -> None:
    """Give a photo kept in advance (`subject` empty) to the subject it turned out to belong to."""
    moved = File.objects.filter(pk=file.pk, subject="").update(subject=subject)
    if not moved:
        raise Refusal("files.photo.taken", "This photo already belongs to something else.", photo.FIELD)
    file.subject = subject


def _row(picture: photo.Picture, digest: str, source: str, subject: str, by: Actor, at: int) -> File:
    return File.objects.create(
        subject=subject,
        sha256=digest,
        source_sha256=source,
        size=len(picture.content),
        mime=picture.mime,
        width=picture.width,
        height=picture.height,
        created=at,
        by_person=by.person,
        by_post=by.post,
        lon=picture.taken.lon,
        lat=picture.taken.lat,
        taken_at=picture.taken.at,
    )


def _store(path: str, content: bytes) -> None:
    """Write once. A race of two equal pictures ends with one under this name and a spare beside it."""
    if not default_storage.exists(path):
        default_storage.save(path, ContentFile(content))
