"""Updates of service requests, as FixMyStreet's extension has them: read by time, or added from outside."""

from typing import Any

from django.http import HttpRequest

from cityloop.doors.open311 import filters, statuses
from cityloop.doors.open311.asking import Posted, posted
from cityloop.doors.open311.formats import Said
from cityloop.doors.open311.keys import key_of, reporting_key
from cityloop.doors.open311.reading import next_page
from cityloop.doors.open311.reporting import DOOR, LONGEST, REPORTER
from cityloop.doors.open311.times import instant, w3c
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases import numbers, openly
from cityloop.loops.cases.openly import Period, Update
from cityloop.town.calendar.clock import city_clock
from cityloop.town.files import actions as files

STATUSES = {*statuses.EXTENDED.values(), "CLOSED", "FIXED", "REOPEN", "INTERNAL_REFERRAL", "FOR_TRIAGE"}


def updates(request: HttpRequest, number: str = "") -> Said:
    """Give steps of public cases within a time, the oldest first. Two queries; one more for one case."""
    key_of(request)  # some clients send theirs; a wrong one is told, a right one sees no more
    given = request.GET
    asked = number or given.get("service_request_id", "").strip()
    case = openly.by_number(asked) if asked else None
    since, until = filters.window(given, city_clock.now())
    if case is not None and not (given.get("start_date") or given.get("end_date")):
        since = case.created
    after = filters.place_in_order(given, "after")
    period = Period(since=since, until=until, case=case.pk if case else None, after=after, most=filters.size_of(given))
    found, last = openly.updates(period)
    return Said(
        "service_request_updates", [_update(u) for u in found], next_page(request, "after", last) if last else {}
    )


def _update(update: Update) -> dict[str, Any]:
    status, words = statuses.of_update(update.state, update.data, update.case.resolution)
    number = numbers.number(update.case)
    return {
        "update_id": update_id(number, update.seq),
        "service_request_id": number,
        "status": status,
        "updated_datetime": w3c(update.at),
        "description": words,
        "media_url": None,
    }


def update_id(number: str, seq: int) -> str:
    """Name a step for outside: the case and its place on the case's ledger."""
    return f"{number}-{seq}"


def update(request: HttpRequest, number: str = "") -> Said:
    """Add what another system says of a case: words and photos, never a state. Sent again it is the same addition."""
    sent = posted(request)
    access = reporting_key(request, sent.text("api_key", 200))
    case = openly.by_number(number or _needed(sent, "service_request_id"))
    words, at = _words(sent), city_clock.now()
    key = request.headers.get("Idempotency-Key", "") or sent.text("update_id", 100)
    photos = tuple(files.keep(file, subject="", by=REPORTER, at=at) for file in sent.files)
    try:
        added = cases.add(
            case=case.pk,
            what=cases.Following(words=words, photos=photos),
            at=at,
            door=f"{DOOR}-update",
            client=str(access.key),
            key=key,
        )
    except Refusal as refusal:
        raise _named(request, refusal) from None
    answer = {"update_id": update_id(added.number, added.seq), "account_id": sent.text("account_id", 200) or None}
    return Said("service_request_updates", [answer])


def _named(request: HttpRequest, refusal: Refusal) -> Refusal:
    """Name `update_id` where it was the key that was used twice, for no header was sent."""
    if refusal.code != "cases.key.reused" or request.headers.get("Idempotency-Key", ""):
        return refusal
    return Refusal(refusal.code, "This update_id was used for another update.", "update_id")


def _needed(sent: Posted, name: str) -> str:
    text = sent.text(name)
    if not text:
        raise Refusal("open311.missing", "This is needed.", name)
    return text


def _words(sent: Posted) -> str:
    """Give what was said, with what the other system holds its state to be: our loop is moved by its own people."""
    _needed(sent, "description")
    words = sent.text("description", LONGEST)
    status, when = sent.text("status", 40).upper(), sent.text("updated_datetime", 40)
    if status and status not in STATUSES:
        raise Refusal("open311.status.extended", "Give a status of the extension, such as OPEN or FIXED.", "status")
    if when:
        instant(when, "updated_datetime")
    media = " ".join(sent.text("media_url", 500).split())
    besides = (("status", status), ("updated_datetime", when), ("media_url", media))
    return "\n".join([words, *(f"{name}: {text}" for name, text in besides if text)])
