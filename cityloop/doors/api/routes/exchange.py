"""The catalogue as a file, out and in; and a change tried on past cases before it is made."""

from django.http import HttpRequest, HttpResponse

from cityloop.doors.api.answers import said, unchanged
from cityloop.doors.api.bodies import json_body
from cityloop.doors.api.door import READ, SETUP, api, scope_of
from cityloop.doors.api.openapi import can
from cityloop.doors.api.problems import Moved
from cityloop.doors.api.schemas_catalogue import FileIn, FileTakenOut, TrialIn, TrialOut, TryPlateIn
from cityloop.doors.api.settings import MOVED, named_tag, reader, setter, unit_code
from cityloop.ground.kit import shelf
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases import numbers, trying
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import actions, differences, drafts, exchange, incoming, outgoing, trial
from cityloop.town.catalog import queries as catalog
from cityloop.town.catalog.content import Content
from cityloop.town.columns import rfc3339


@api.get("/settings/catalogue/file", response=can(None, 200, "key tag"), auth=READ, tags=["settings"])
def file(request: HttpRequest) -> HttpResponse:
    """Give the catalogue as one TOML file: plates, the city's own lines, the organisations they name."""
    reader(request)
    tag = catalog.current().digest
    if answer := unchanged(request, tag):
        return answer
    given = HttpResponse(outgoing.file(), content_type="application/toml")
    given["ETag"] = f'"{tag}"'
    return given


@api.put(
    "/settings/catalogue/file", response=can(FileTakenOut, 200, "key body match"), auth=SETUP, tags=["settings"]
)  # fmt: skip
def take(request: HttpRequest, body: FileIn) -> HttpResponse:
    """Publish what a file holds as the catalogue; it is checked whole first, faults are told by line and key."""
    json_body(request)
    by, on = setter(request), named_tag(request, catalog.last_digest)
    if on and on != catalog.last_digest():
        raise Moved("api.match", MOVED, "If-Match")
    reading = exchange.read(body.text, body.name)
    looked = incoming.looked(reading)
    if not body.preview:
        _publish(reading, on, by)
    now = catalog.current() if catalog.has_any() else None
    told = {
        "preview": body.preview,
        "version": now.number if now else 0,
        "digest": now.digest if now else "",
        "content": reading.digest,
        "changes": differences.plain(looked.changes),
        "organisations": [one.key for one in looked.organisations],
        "rests": [one.key for one in looked.rests],
        "unplaced": looked.unplaced,
    }
    return said(told)


def _publish(reading: exchange.Reading, on: str, by: Actor) -> None:
    try:
        actions.take_in(reading=reading, on=on or None, by=by, at=city_clock.now())
    except Refusal as refusal:
        if on and refusal.code == "catalog.changed":
            raise Moved("api.match", MOVED, "If-Match") from None
        raise


@api.post("/settings/catalogue/trials", response=can(TrialOut, 200, "key path body"), auth=SETUP, tags=["settings"])
def attempt(request: HttpRequest, body: TrialIn) -> HttpResponse:
    """Say what a change would have meant for past cases: who leads, which limits run. Nothing is written."""
    json_body(request)
    setter(request)
    span = trying.days(body.since or "", body.until or "")
    found = trying.tried(_draft(body), span)
    examples = [numbers.number(case) for case in trying.examples(found, scope_of(request))]
    times = {"since": rfc3339(span.since), "until": rfc3339(span.until)}
    return said({**trial.plain(found), **times, "examples": examples})


def _draft(body: TrialIn) -> Content:
    """Give the content that is to be tried."""
    now = catalog.published()
    if sum(one is not None for one in (body.file, body.matter, body.line, body.plate)) != 1:
        raise Refusal("catalog.trial.one", "Give one of file, matter, line, plate.", "file")
    if body.file is not None:
        return incoming.looked(exchange.read(body.file, "file")).made
    if body.matter is not None:
        given = body.matter.dict(exclude={"code"})
        return drafts.with_matter(now, body.matter.code, {k: v for k, v in given.items() if v is not None})
    if body.line is not None:
        line = body.line
        return drafts.with_line(now, line.matter, unit_code(line.unit), line.lead, line.assisting)
    return _of_plate(now, body.plate) if body.plate is not None else now


def _of_plate(now: Content, asked: TryPlateIn) -> Content:
    if asked.do == "off":
        return drafts.without_plate(now, asked.key)
    manifest = shelf.take(asked.key).manifest
    if asked.do == "on":
        return drafts.with_plate(now, manifest)
    return drafts.renewed(now, manifest, catalog.own_changes(asked.key))
