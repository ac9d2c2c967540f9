"""Idempotency keys: what was answered to a request is kept for a day, so that sending it again is safe.

A report from the web is kept longer: a phone without network may hold it for days (`frontend/islands/store.ts`). The
time is the real one, as a sender's is, whatever the city's clock says.
"""

from typing import Any

import msgspec
from django.db import connection

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import models
from cityloop.town.columns import real_now

DAY = 86_400_000_000
PHONE = "web"  # the door whose reports may have waited on a phone
WAITED = 15 * DAY  # a day more than a phone sends by itself
MOST = 120


class Asked(msgspec.Struct, frozen=True):
    """Whose idempotency key it is, the digest of what was sent with it, when, and since when an answer holds."""

    door: str
    client: str
    key: str
    body: bytes
    at: int
    since: int


class Twice(Exception):
    """Another with the same key was quicker."""


_KEPT = (
    'SELECT "body", "answer" FROM "cases_submission" WHERE "door" = %s AND "client" = %s AND "key" = %s AND "at" >= %s'
)
_KEEP = (
    'INSERT INTO "cases_submission" ("door", "client", "key", "body", "answer", "at") VALUES (%s, %s, %s, %s, %s, %s)'
    ' ON CONFLICT ("door", "client", "key") DO UPDATE SET "body" = excluded."body", "answer" = excluded."answer",'
    ' "at" = excluded."at" WHERE "cases_submission"."at" < %s'
)


def check_key(key: str) -> None:
    """Refuse a key that is too long to be kept, or that no database takes."""
    if len(key) > MOST or "\0" in key:
        raise Refusal("cases.key.long", "An idempotency key has at most 120 characters.", field="key")


def kept(asked: Asked) -> str | None:
    """Give what was answered to this key while it holds; refuse another request under the same key. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, [asked.door, asked.client, asked.key, asked.since])
        row = cursor.fetchone()
    if row is None:
        return None
    if bytes(row[0]) != asked.body:
        raise Refusal("cases.key.reused", "This idempotency key was used for another request.", field="key")
    return str(row[1])


def keep(asked: Asked, answer: str) -> None:
    """Write the answer in one statement, inside the caller's transaction, in place of one that no longer holds.

    Raises `Twice` where another request with this key was answered meanwhile.
    """
    values: list[Any] = [asked.door, asked.client, asked.key, asked.body, answer, asked.at, asked.since]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, values)
        if cursor.rowcount != 1:
            raise Twice


def forget_answers() -> int:
    """Take away answers that no longer hold, by the real time: they contain follow codes."""
    now = real_now()
    old = models.Submission.objects.filter(at__lt=now - DAY)
    return old.exclude(door=PHONE, at__gte=now - WAITED).delete()[0]
