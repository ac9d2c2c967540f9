"""Following a case that somebody else reported, instead of reporting it again."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

import msgspec
from django.db import transaction
from django.db.models import QuerySet

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.shapes import of_json, ready
from cityloop.ground.kit.words import clean, say
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import numbers
from cityloop.loops.cases.actions.take import Taken, take
from cityloop.loops.cases.known import everybody
from cityloop.loops.cases.models import Case, Follower, Submission
from cityloop.town.columns import real_now
from cityloop.town.files.models import File
from cityloop.town.persons.actions import find_or_register

T = TypeVar("T")
PHOTO_ONLY = {"en": "A photo was added.", "zh-hans": "补充了照片。"}


@ready
class Followed(msgspec.Struct, frozen=True):
    """What a follower gets: the number of the case and a secret follow code of their own."""

    case: int
    number: str
    follow: str


class Following(msgspec.Struct, kw_only=True):
    """Who wants to follow, and what they add."""

    words: str = ""
    photos: tuple[Any, ...] = ()
    language: str = "en"
    name: str = ""
    phone: str = ""
    email: str = ""


@ready
class Added(msgspec.Struct, frozen=True):
    """What became of an addition: the number of the case, and the step's place on its ledger."""

    number: str
    seq: int


@transaction.atomic
def follow(*, case: int, who: Following, at: int, key: str = "", among: "QuerySet[Case] | None" = None) -> Followed:
    """Let somebody follow an open case that everybody may know of; what they say is added to it.

    An officer who takes a call names with `among` the cases that the officer sees. With `key` the same wish sent again
    gives the same answer; another wish for the same case is refused.
    """
    return _once(
        Followed,
        lambda: _follow(open_case(case, among), who, at),
        door="follow",
        key=key and f"{case}:{key}",  # the form of a draft may follow one case after another
        body=_body(case, who),
    )


@transaction.atomic
def add(*, case: int, what: Following, at: int, door: str, client: str, key: str = "") -> Added:
    """Add words and photos from another system to an open case that is not confidential; nobody follows it for that.

    With `key` the same addition sent again by the same client gives the same answer.
    """

    def added() -> Added:
        taken = _add(open_case(case), what, 0, at)
        return Added(numbers.number(taken.case), taken.seq)

    return _once(Added, added, door=door, client=client[:64], key=key, body=_body(case, what))


def _once(shape: type[T], make: Callable[[], T], *, door: str, key: str, body: bytes, client: str = "") -> T:
    """Make it, or with a key that was used for the very same before give what it gave then."""
    if not key:
        return make()
    row, fresh = Submission.objects.get_or_create(
        door=door, client=client, key=key[:120], defaults={"body": body, "at": real_now()}
    )
    if fresh:
        made = make()
        Submission.objects.filter(pk=row.pk).update(answer=msgspec.json.encode(made).decode())
        return made
    if bytes(row.body) != body:
        raise Refusal("cases.key.reused", "This idempotency key was used for another report.", field="key")
    return of_json(row.answer, shape)


def _body(case: int, who: Following) -> bytes:
    """Tell one wish from another: the case, the words, and the photos as they were sent."""
    return sha256("\n".join([str(case), *(f.source_sha256 for f in who.photos), who.words]).encode()).digest()


def open_case(case: int, among: "QuerySet[Case] | None" = None) -> Case:
    """Lock the open case of an id, or the one it was folded into; refuse one that has ended.

    It is one that everybody may know of, or one `among` those that an officer sees: a number can be guessed.
    """
    rows = (everybody() if among is None else among.filter(level=0)).select_for_update(of=("self",))
    row = rows.filter(pk=case).first()
    if row is not None and row.into_id:
        row = rows.filter(pk=row.into_id).first()
    if row is None:
        raise Refusal("cases.unknown", "There is no such case.", field="number")
    if row.closed is not None:
        raise Refusal("cases.follow.ended", "This case has ended; report what is wrong now.", field="number")
    return row


def _follow(case: Case, who: Following, at: int) -> Followed:
    person = 0
    if who.name or who.phone or who.email:
        found = find_or_register(at=at, name=who.name, phone=who.phone, email=who.email, language=who.language)
        person = int(found.pk)
    code = numbers.new_follow_code()
    digest = numbers.follow_digest(code)
    Follower.objects.create(case=case, since=at, person=person, language=who.language, follow=digest)
    if who.words.strip() or who.photos:
        _add(case, who, person, at)
    return Followed(case.pk, numbers.number(case), code)


def _add(case: Case, who: Following, person: int, at: int) -> Taken:
    File.objects.filter(pk__in=[f.pk for f in who.photos], subject="").update(subject=case.subject)
    words = clean(who.words).strip() or say(PHOTO_ONLY, who.language)
    act = Act("add", {"words": words, "photos": [str(f.uuid) for f in who.photos] or None})
    return take(case=case.pk, act=act, by=Actor("reporter", "follower", person), at=at)
