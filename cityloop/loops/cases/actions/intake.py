"""Taking a report into the book, from whatever channel."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from os import urandom
from typing import Any

import msgspec
from django.db import connection, transaction

from cityloop.ground.codes import cell, check_point
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.shapes import of_json, ready
from cityloop.ground.kit.words import clean, is_language
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import models, numbers
from cityloop.loops.cases.actions import answers
from cityloop.loops.cases.actions.answers import DAY, Asked
from cityloop.loops.cases.actions.book import Book
from cityloop.loops.cases.actions.prepare import WORDS_LIMIT
from cityloop.loops.cases.actions.save import new_id, save, warm
from cityloop.loops.cases.loop import keep_present
from cityloop.town.calendar.queries import calendars
from cityloop.town.catalog import queries as catalog
from cityloop.town.columns import real_now
from cityloop.town.components import queries as components
from cityloop.town.files.models import File
from cityloop.town.ledger import receipts
from cityloop.town.orgs import authority
from cityloop.town.orgs.roles import MAY_FIND
from cityloop.town.persons import rules
from cityloop.town.persons.actions import SALT, find_or_register, keep_words
from cityloop.town.persons.sealing import digest
from cityloop.town.units import queries as units


class Report(msgspec.Struct, kw_only=True):
    """A report as a door hands it in. Place, words or photo: at least one. A component is a place too: its own."""

    channel: str
    words: str = ""
    matter: str = ""
    unit: str = ""
    lon: float | None = None
    lat: float | None = None
    address: str = ""
    photos: tuple[Any, ...] = ()
    language: str = "en"
    name: str = ""
    phone: str = ""
    email: str = ""
    answers: dict[str, str] = {}
    component: str = ""


@ready
class Collected(msgspec.Struct, frozen=True):
    """What the reporter gets at once: number, secret follow code and the signed promise."""

    case: int
    number: str
    follow: str
    promise: dict[str, Any]
    repeated: bool = False


# How a report came that an inspector makes of what they found themselves: 监督员上报 in GB/T 30428.
FIND = "inspector"

_encoder = msgspec.json.Encoder(order="sorted")


def collect(
    *,
    report: Report | Callable[[], Report],
    by: Actor,
    at: int,
    door: str = "",
    client: str = "",
    key: str = "",
    within: int = DAY,
    sent: object = None,
    origin: str = "live",
) -> Collected:
    """Take a report into the book: case, report, ledger and worklist in one transaction, durable on return.

    With `key` the same report sent again gives the same answer for 24 real hours, or for another time `within`
    (microseconds); another report under the same key is refused. `sent` is what came in at the door, as it came: where
    it is given, it tells whether it is the same, and `report` may be a function that makes the report of it. That is
    asked only of what is new: what was taken once stays taken, whatever the city asks today.
    """
    if not key:
        report = _checked(report)
        warm()
        with transaction.atomic():
            return _collect(report, by, at, origin)
    if sent is None:
        report = _checked(report)
        sent = msgspec.structs.replace(report, photos=())
    asked = _asked(sent, door, client, key, within)
    return _answer(asked) or _collect_once(asked, _checked(report), by, at, origin)


def answered(*, sent: object, door: str, client: str = "", key: str, within: int = DAY) -> Collected | None:
    """Give what this very report was answered with under its key; None where it is new. One query."""
    return _answer(_asked(sent, door, client, key, within)) if key else None


def _checked(report: Report | Callable[[], Report]) -> Report:
    made = report() if callable(report) else report
    check(report=made)
    return made


def _asked(sent: object, door: str, client: str, key: str, within: int) -> Asked:
    answers.check_key(key)
    now = real_now()
    return Asked(door, client, key, sha256(_encoder.encode(sent)).digest(), now, now - within)


def _collect_once(asked: Asked, report: Report, by: Actor, at: int, origin: str) -> Collected:
    """Collect, and keep the answer under the key; where another was quicker, undo all and give that one's answer."""
    warm()
    try:
        with transaction.atomic():
            collected = _collect(report, by, at, origin)
            answers.keep(asked, _encoder.encode(collected).decode())
            return collected
    except answers.Twice:
        answer = _answer(asked)
        if answer is None:
            raise
        return answer


def check(*, report: Report) -> None:
    """Refuse what no report may be, whatever the city knows: its shape, its lengths, how its reporter is reached."""
    placed = report.lon is not None or report.address or report.unit or report.component
    if not (placed or report.words.strip() or report.photos):
        raise Refusal("cases.report.empty", "Give a place, some words or a photo.", field="words")
    if (report.lon is None) != (report.lat is None):
        raise Refusal("cases.report.point", "A place needs both longitude and latitude.", field="lon")
    for name, text in (("words", report.words), ("answers", _lines(report.answers))):
        if len(text) > WORDS_LIMIT:
            raise Refusal(
                "cases.words.long", "{name} is longer than {limit} characters.", name, name=name, limit=WORDS_LIMIT
            )
    if report.channel == FIND and (report.name or report.phone or report.email):
        raise Refusal("cases.find.contact", "A find of one's own has no caller: leave out how to reach one.", "name")
    if not is_language(report.language):
        raise Refusal("cases.language", "Name a language by its code, such as en or zh-hans.", field="language")
    if len(report.photos) > 10:
        raise Refusal("cases.photos.many", "Send at most 10 photos.", field="photos")
    rules.name(report.name)
    rules.phone(report.phone)
    rules.email(report.email)


def _lines(said: Mapping[str, str]) -> str:
    """Give answers as they are kept, one a line."""
    return "\n".join(f"{key}: {text}" for key, text in said.items())


def _answer(asked: Asked) -> Collected | None:
    """Give what was answered to this key while it holds. One query."""
    kept = answers.kept(asked)
    return None if kept is None else msgspec.structs.replace(of_json(kept, Collected), repeated=True)


def _collect(report: Report, by: Actor, at: int, origin: str) -> Collected:
    place = locate(report)
    if report.channel == FIND:
        _check_finder(by, place)
    row = _row(report, place, at, origin)
    book = Book(row, keep_present(), calendars(), origin=origin, recorded_at=real_now())
    person = _person(report, at)
    data, inner = _data(report, place, row, person)
    book.step(Act("collect", data), by, at, inner=inner)
    follow = numbers.new_follow_code()
    save([book])
    _report_row(report, row, at, origin, follow, person)
    number = numbers.number(row)
    return Collected(row.pk, number, follow, receipts.promise(book.rows[0], number))


def _check_finder(by: Actor, place: "Place") -> None:
    """Refuse a find in a post that reports none, or of a place that the post does not cover. One query."""
    if by.role not in MAY_FIND:
        raise Refusal("authority.denied", "None of your posts reports finds of its own.")
    if not authority.may(by, place.unit):
        raise beyond()


def beyond() -> Refusal:
    """Say that a place lies where a post has nothing to report."""
    return Refusal(
        "cases.find.beyond",
        "This place lies outside the area of your post. Choose it again, or tell those who take reports.",
        field="lon",
    )


class Place(msgspec.Struct, frozen=True):
    """Where: the unit's code, and the point if there is one."""

    unit: str
    lon: float | None = None
    lat: float | None = None


def locate(report: Report) -> Place:
    """Find the unit of a report: its component's, else by point, else by the unit named, else `unplaced`.

    Outside the city is refused.
    """
    if report.component:
        thing = components.reportable(report.component)
        return Place(str(thing.unit_code), thing.lon, thing.lat)
    if report.lon is not None and report.lat is not None:
        lon, lat = check_point(report.lon, report.lat)
        code = units.locate(lon, lat)
        if code is None:
            raise Refusal("cases.report.outside", "This place lies outside the city.", field="lon")
        return Place(code, lon, lat)
    if report.unit:
        return Place(units.filing_code(None, None, units.unit_of(report.unit, field="unit").code))
    return Place(units.unplaced_code())


def _row(report: Report, place: Place, at: int, origin: str) -> models.Case:
    return models.Case(
        id=new_id(),
        definition="",
        head=b"",
        snapshot="",
        slots="",
        state="",
        seq=0,
        unit_code=place.unit,
        lon=place.lon,
        lat=place.lat,
        cell=cell(place.lon, place.lat) if place.lon is not None and place.lat is not None else None,
        address=clean(report.address).strip()[:200],
        component=report.component,
        origin=origin,
        channel=clean(report.channel)[:40],
        created=at,
        at=at,
    )


def _data(report: Report, place: Place, row: models.Case, person: int) -> tuple[dict[str, Any], dict[str, Any]]:
    data: dict[str, Any] = {"channel": row.channel, "unit": place.unit}
    inner: dict[str, Any] = {}
    if row.address:
        row.address_salt = urandom(SALT)
        data["address"] = digest(row.address_salt, row.address)
    if report.channel == FIND:
        data["own"] = True  # who found it is a party: see the law of the loop
    if report.matter:
        entry = catalog.current().matter(report.matter)
        data["matter"], data["level"] = entry.code, entry.level
    if report.words.strip():
        kept = keep_words(row.subject, "1:collect:words", clean(report.words).strip(), person)
        data["words"], inner["words_id"] = kept.digest, kept.id
    if report.answers:
        kept = keep_words(row.subject, "1:collect:answers", clean(_lines(report.answers)), person)
        data["answers"], inner["answers_id"] = kept.digest, kept.id
    if place.lon is not None and place.lat is not None:
        inner["lon_e7"], inner["lat_e7"] = round(place.lon * 1e7), round(place.lat * 1e7)
    if report.component:
        inner["component"] = report.component  # it tells the place as exactly as a point does
    if report.photos:
        data["photos"] = [f.sha256 for f in report.photos]
        inner["photos"] = [str(f.uuid) for f in report.photos]
        File.objects.filter(pk__in=[f.pk for f in report.photos]).update(subject=row.subject)
    return data, inner


_REPORT = (
    'INSERT INTO "cases_report" ("case_id", "created", "channel", "origin", "language", "person", "follow")'
    " VALUES (%s, %s, %s, %s, %s, %s, %s)"
)


def _person(report: Report, at: int) -> int:
    """Find or register who reports, before the words are kept: they are erased with the person whose they are."""
    if not (report.email or report.phone or report.name):
        return 0
    found = find_or_register(at=at, name=report.name, phone=report.phone, email=report.email, language=report.language)
    return int(found.pk)


def _report_row(report: Report, row: models.Case, at: int, origin: str, follow: str, person: int) -> None:
    known = numbers.follow_digest(follow)
    with connection.cursor() as cursor:
        cursor.execute(_REPORT, [row.pk, at, row.channel, origin, report.language, person, known])
