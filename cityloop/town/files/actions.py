"""The only writer of files."""

import hashlib
from collections.abc import Iterable
from typing import Protocol

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.town.columns import real_now
from cityloop.town.files import photo, rules
from cityloop.town.files.models import File

UNSENT_MICROS = 2 * 86_400_000_000  # the draft of a report is good for a day
BATCH = 100


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
    _store_all(digest, picture)
    row = _row(picture, digest, hashlib.sha256(data).hexdigest(), subject, by, at)
    _store_all(digest, picture)  # `forget_unsent` may have taken equal bytes away before this row said they are needed
    return row


def forget_unsent() -> int:
    """Take away the photos of reports that were never sent, two days after they came; give how many.

    Bytes go when no row needs them any more: no row can be added between that look and their going.
    """
    gone, before = 0, real_now() - UNSENT_MICROS
    while rows := list(File.objects.filter(subject="", recorded_at__lt=before).order_by("id")[:BATCH]):
        gone += _forget([row.pk for row in rows], {row.sha256 for row in rows})
    return gone


@transaction.atomic
def erase(*, uuids: Iterable[str], subject: str) -> int:
    """Erase photos of a subject, with their thumbnails; give how many. Equal bytes that others sent stay theirs.

    That it was done is for the caller to put on the ledger, where their digests stay.
    """
    rows = list(File.objects.filter(uuid__in=list(uuids), subject=subject))
    return _forget([row.pk for row in rows], {row.sha256 for row in rows}, subject) if rows else 0


@transaction.atomic
def _forget(ids: list[int], digests: set[str], subject: str = "") -> int:
    if connection.vendor == "postgresql":  # SQLite lets one write at a time anyway
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE files_file IN SHARE ROW EXCLUSIVE MODE")
    gone: int = File.objects.filter(pk__in=ids, subject=subject).delete()[0]
    needed = set(File.objects.filter(sha256__in=digests).values_list("sha256", flat=True))
    for digest in digests - needed:
        for side in (0, *photo.THUMBNAILS):
            default_storage.delete(rules.path(digest, side))
    return gone


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


def _store_all(digest: str, picture: photo.Picture) -> None:
    _store(rules.path(digest), picture.content)
    for side, content in picture.thumbnails.items():
        _store(rules.path(digest, side), content)


def _store(path: str, content: bytes) -> None:
    """Write once. A race of two equal pictures ends with one under this name and a spare beside it."""
    if not default_storage.exists(path):
        default_storage.save(path, ContentFile(content))
