"""Taking a service request in: the same report, the same action as from every other channel."""

import hashlib
from typing import Any

import msgspec
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cityloop.doors.open311.answers import answers, fitting
from cityloop.doors.open311.asking import Posted, posted
from cityloop.doors.open311.errors import Faults
from cityloop.doors.open311.filters import point_of
from cityloop.doors.open311.formats import Said
from cityloop.doors.open311.keys import reporting_key
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases import actions as cases
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import queries as catalog
from cityloop.town.files import actions as files

DOOR = "open311"
REPORTER = Actor("reporter", "reporter")
# How long a post sent again without a key of its own is taken for the same one. Clients of the standard repeat a post
# that was not answered in time, after minutes; a device that reports the same thing anew does so after hours.
AGAIN = 3_600_000_000
DAY = 86_400_000_000
SAID = (
    "service_code", "lat", "long", "address_string", "address_id", "description", "first_name", "last_name", "phone",
    "email", "media_url", "account_id", "device_id",
)  # fmt: skip
LONGEST = 4000
ADDRESS = 200


def report(request: HttpRequest) -> Said:
    """Take a service request in and give its number. One query more than any report: whose key it is."""
    sent = posted(request)
    access = reporting_key(request, sent.text("api_key", 200))
    at, asked = city_clock.now(), request.headers.get("Idempotency-Key", "")
    taken = cases.collect(
        report=lambda: _with_photos(_report(sent), sent, at),
        by=REPORTER,
        at=at,
        door=DOOR,
        client=str(access.key),
        key=asked or f"same:{_digest(sent)}",
        within=DAY if asked else AGAIN,
        sent=_sent(sent),
    )
    return _answer(request, sent, taken)


def _sent(sent: Posted) -> dict[str, Any]:
    """Give what was said, as it was said: it tells one report from another."""
    return {"values": {name: sent.values.get(name, "").strip() for name in SAID}, "attributes": sent.attributes}


def _with_photos(made: cases.Report, sent: Posted, at: int) -> cases.Report:
    """Keep the photos of a report that is right in everything else."""
    photos = tuple(files.keep(file, subject="", by=REPORTER, at=at) for file in _rewound(sent.files))
    return msgspec.structs.replace(made, photos=photos)


def _report(sent: Posted) -> cases.Report:
    """Give the report; all that is wrong with it is told at once."""
    faults: list[Refusal] = []
    code = sent.text("service_code", 60)
    if not code:
        raise Refusal("open311.missing", "This is needed.", "service_code")
    entry = catalog.current().matter(code)
    parts: dict[str, Any] = {}
    for part in (lambda: {"answers": answers(entry, sent)}, lambda: _place(sent), lambda: _person(sent),
                 lambda: {"words": sent.text("description", LONGEST)}):  # fmt: skip
        try:
            parts |= part()
        except Faults as several:
            faults += several.refusals
        except Refusal as refusal:
            faults.append(refusal)
    if faults:
        raise Faults(faults)
    parts["answers"] = fitting(parts["answers"] | _besides(sent))
    return cases.Report(channel=DOOR, matter=entry.code, language=get_language() or "en", **parts)


def _place(sent: Posted) -> dict[str, Any]:
    point, address = point_of(sent.values), sent.text("address_string")
    unit = sent.text("address_id", 32)
    if point is None and not address and not unit:
        raise Refusal("open311.place", "Say where: lat and long, address_string or address_id.", "lat")
    found: dict[str, Any] = {"address": address[:ADDRESS]}
    if point is not None:
        return {**found, "lon": point[0], "lat": point[1]}
    return {**found, "unit": unit}


def _person(sent: Posted) -> dict[str, str]:
    name = " ".join(filter(None, (sent.text("first_name", 100), sent.text("last_name", 99))))
    return {"name": name, "phone": sent.text("phone", 40), "email": sent.text("email", 254)}


def _besides(sent: Posted) -> dict[str, str]:
    """Give what has no place of its own in a report, to be kept beside the answers.

    An address of media is words for whoever deals with the case. The server never asks for it: a machine that
    fetches what strangers name can be sent to anything it reaches, the city's own systems first (docs/adr/0007).
    """
    found = {}
    if len(sent.text("address_string")) > ADDRESS:
        found["address_string"] = sent.text("address_string")
    if sent.text("media_url", 2000):
        found["media_url"] = " ".join(sent.text("media_url", 2000).split())
    return found


def _digest(sent: Posted) -> str:
    """Name a report by all that was sent with it."""
    digest = hashlib.sha256(msgspec.json.encode(_sent(sent), order="sorted"))
    for upload in sent.files:
        digest.update(hashlib.file_digest(upload, "sha256").digest())
    return digest.hexdigest()


def _rewound(uploads: list[Any]) -> list[Any]:
    for upload in uploads:
        upload.seek(0)
    return uploads


def _answer(request: HttpRequest, sent: Posted, taken: cases.Collected) -> Said:
    link = request.build_absolute_uri(reverse("public:follow", args=[taken.follow]))
    answer: dict[str, Any] = {
        "service_request_id": taken.number,
        "service_notice": _("Follow it, and answer questions about it, at {link}").format(link=link),
        "account_id": sent.text("account_id", 200) or None,
    }
    if request.GET.get("extensions", "").lower() in ("true", "1"):
        answer["extended_attributes"] = {"follow_code": taken.follow, "follow_url": link}
    return Said("service_requests", [answer])
