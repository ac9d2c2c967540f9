"""Cases as the door shows them."""

from typing import Any

from cityloop.doors.api.times import maybe
from cityloop.ground.loop.definition import Definition
from cityloop.ground.loop.snapshot import Clock, Snapshot
from cityloop.loops.cases import conditions, counting, numbers, queries
from cityloop.loops.cases.actions.prepare import organisations
from cityloop.town.catalog import queries as catalog
from cityloop.town.columns import rfc3339

ROOT = "/api/v1"
Data = dict[str, Any]


def href(number: str) -> str:
    """Give the address of a case."""
    return f"{ROOT}/cases/{number}"


def key_of(org: int) -> str:
    """Give the key of an organisation by its id, "" for none. No query within a second."""
    found = organisations().get(org) if org else None
    return str(found.key) if found else ""


def brief(case: Any, now: int) -> Data:
    """Give a row of a list (`listing.Brief`, or a whole case)."""
    number = numbers.number_of(case.id, case.created)
    return {
        "number": number,
        "state": case.state,
        "seq": case.seq,
        "matter": case.matter,
        "unit": case.unit_code,
        "organisation": key_of(case.lead_org),
        "held": case.held,
        "urgent": bool(case.urgent),
        "created": rfc3339(case.created),
        "updated": rfc3339(case.at),
        "due": maybe(case.due),
        "overdue": case.due is not None and case.closed is None and case.due < now,
        "closed": maybe(case.closed),
        "resolution": case.resolution,
        "lon": case.lon,
        "lat": case.lat,
        "address": case.address,
        "href": href(number),
    }


def taken(case: Any) -> Data:
    """Give a case right after an action, from what is at hand: no query."""
    return {
        "number": numbers.number(case),
        "state": case.state,
        "seq": case.seq,
        "matter": case.matter,
        "unit": case.unit_code,
        "lead": case.lead_org,
        "organisation": key_of(case.lead_org),
        "held": case.held,
        "created": rfc3339(case.created),
        "due": maybe(case.due),
        "closed": maybe(case.closed),
        "resolution": case.resolution,
    }


def full(case: Any, photos: list[Any], now: int) -> Data:
    """Give a case with all that hangs on it. One query once organisations and catalogue are known: was it late?"""
    late = bool(counting.went_late([case.pk]))
    snap, shown = queries.snapshot_of(case), brief(case, now)
    at = shown["href"]
    return {
        **shown,
        "round": case.round,
        "level": case.level,
        "channel": case.channel,
        "origin": case.origin,
        "into": numbers.number(case.into) if case.into_id else "",
        "parent": numbers.number(case.parent) if case.parent_id else "",
        "component": case.component,
        "closing": conditions.closing(snap),
        "late": late,
        "late_adjusted": late and not case.adjusted,
        "clocks": {key: clock(one) for key, one in snap.clocks.items() if not key.startswith("milestone:")},
        "parts": [_part(part) for part in snap.parts],
        "requests": [_request(request) for request in snap.requests],
        "milestones": milestones(snap),
        "photos": [photo(file) for file in photos],
        "links": {"self": at, "actions": f"{at}/actions", "timeline": f"{at}/timeline"},
    }


def clock(one: Clock) -> Data:
    """Give a clock."""
    return {
        "limit": one.limit / 1_000_000,
        "used": one.used / 1_000_000,
        "counts": one.running,
        "due": maybe(one.due),
        "paused": one.pause,
    }


def _part(part: Any) -> Data:
    named = {name: getattr(part, name) for name in ("id", "role", "state", "task")}
    return {**named, "organisation": key_of(part.org), "clock": clock(part.clock)}


def _request(request: Any) -> Data:
    named = {name: getattr(request, name) for name in ("id", "kind", "state", "part")}
    return {**named, "organisation": key_of(request.org), "clock": clock(request.clock)}


def milestones(snap: Snapshot) -> list[Data]:
    """Give the milestones of a filed case by the words of the catalogue it was filed under."""
    steps = catalog.catalog(snap.catalogue).matter(snap.matter).milestones if snap.catalogue else ()
    found = []
    for n, (key, limit) in enumerate(snap.milestones):
        running = snap.clocks.get(f"milestone:{key}")
        found.append({
            "key": key,
            "names": steps[n].names if n < len(steps) else {},
            "limit": limit,
            "reached": running is not None and running.pause == "reached",
            "clock": clock(running) if running else None,
        })  # fmt: skip
    return found


def photo(file: Any) -> Data:
    """Give a photo."""
    return {
        "key": str(file.uuid),
        "href": f"{ROOT}/photos/{file.uuid}",
        "width": file.width,
        "height": file.height,
        "created": rfc3339(file.created),
    }


def step(moment: Any, definition: Definition) -> Data:
    """Give a step of a timeline (`cases.history.Moment`)."""
    row = moment.step
    action = definition.source.actions.get(row.what)
    return {
        "seq": row.seq,
        "what": row.what,
        "names": dict(action.names) if action else {},
        "at": rfc3339(row.at),
        "actor": row.actor,
        "role": row.role,
        "organisation": key_of(row.org),
        "from_state": row.before,
        "to_state": row.after,
        "due": maybe(row.due),
        "words": {name: text for name, text in moment.words.items() if text},
        "photos": list(moment.photos),
        "away_m": place.get("away_m") if isinstance(place := moment.data.get("place"), dict) else None,
        "offset": row.offset,
    }
