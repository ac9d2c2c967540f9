"""Cases as service requests: just the elements of the specification, in its order; more only where asked for."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language

from cityloop.doors.open311 import statuses
from cityloop.doors.open311.times import w3c
from cityloop.ground.kit.words import say
from cityloop.loops.cases import numbers, openly
from cityloop.loops.cases.actions.prepare import organisations
from cityloop.loops.cases.openly import Spot
from cityloop.town.catalog import queries as catalog
from cityloop.town.orgs.authority import Scope
from cityloop.town.persons import queries as persons
from cityloop.town.units import queries as units
from cityloop.town.units.postal import codes_of as postal_codes

LONGEST = 4000


def requests(request: HttpRequest, cases: Sequence[Any], scope: Scope) -> list[dict[str, Any]]:
    """Give cases as service requests. Two queries: units and photos of the work; one more where some are put off.

    With a key that reads two more.
    """
    spots = [openly.spot(case) for case in cases]
    addresses = _addresses(spot.unit for spot in spots)
    photos = openly.work_photos(cases)
    words, put_off = _words(scope, cases), openly.put_off(cases)
    postal = postal_codes([(spot.lon, spot.lat) for spot in spots])
    more = "extensions" in request.GET and request.GET["extensions"].lower() not in ("", "false", "0")
    found = []
    for case, spot, zipcode in zip(cases, spots, postal, strict=True):
        media = [_media(request, uuid) for uuid in photos.get(case.pk, ())]
        said = _request(case, spot, addresses.get(spot.unit), words.get(case.subject), media)
        said["zipcode"] = zipcode
        if case.pk in put_off:
            said["status_notes"] = statuses.notes(case.state, "", *put_off[case.pk])
        found.append({**said, "extended_attributes": _extended(case, media)} if more else said)
    return found


def _request(case: Any, spot: Spot, address: str | None, words: str | None, media: list[str]) -> dict[str, Any]:
    name = service_name(case.matter)
    return {
        "service_request_id": numbers.number(case),
        "status": statuses.status(case.state),
        "status_notes": statuses.notes(case.state, case.resolution),
        "service_name": name,
        "service_code": case.matter,
        "description": name if words is None else words[:LONGEST],
        "agency_responsible": agency(case.lead_org),
        "service_notice": None,
        "requested_datetime": w3c(case.created),
        "updated_datetime": w3c(case.at if case.closed is None else case.closed),
        "expected_datetime": w3c(case.due),
        "address": case.address if words is not None and case.address else address,
        "address_id": spot.unit or None,
        "zipcode": None,
        "lat": spot.lat,
        "long": spot.lon,
        "media_url": media[-1] if media else None,
    }


def _extended(case: Any, media: list[str]) -> dict[str, Any]:
    return {
        "status": statuses.extended(case.state, case.resolution),
        "state": case.state,
        "resolution": case.resolution or None,
        "closed_datetime": w3c(case.closed),
        "media": media,
    }


def service_name(matter: str) -> str:
    """Name a matter; one no longer in the catalogue by its code."""
    entry = catalog.current().known.get(matter) if catalog.has_any() else None
    return say(entry.names, get_language() or "en") if entry is not None else matter


def agency(number: int) -> str | None:
    """Name the organisation that leads, None before one does. No query within a second of the last."""
    found = organisations().get(number)
    return say(found.names, get_language() or "en") if found is not None else None


def _addresses(codes: Iterable[str]) -> dict[str, str]:
    """Name units from the finest to the widest, as the specification wants addresses. One query."""
    wanted = {code for code in codes if code}
    if not wanted:
        return {}
    lang, city = get_language() or "en", units.city()
    here = say(city.names, lang) or city.key
    paths = units.paths_of(wanted)
    return {code: ", ".join([*_named(reversed(path), lang), here]) for code, path in paths.items()}


def _named(path: Iterable[tuple[str, dict[str, str]]], lang: str) -> list[str]:
    """Give the names on a path; what stands for "no finer" has none, and is left out."""
    return [name for _, names in path if (name := say(names, lang))]


def _words(scope: Scope, cases: Sequence[Any]) -> dict[str, str]:
    """Give what was reported, of the cases whose words a scope may read."""
    seen = openly.seen_by(scope, cases)
    subjects = [case.subject for case in cases if case.pk in seen]
    if not subjects:
        return {}
    return dict.fromkeys(subjects, "") | persons.words_of_many(subjects, "1:collect:words")


def _media(request: HttpRequest, uuid: str) -> str:
    return request.build_absolute_uri(reverse("open311:media", args=[uuid]))
