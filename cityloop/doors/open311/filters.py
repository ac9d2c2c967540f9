"""Reading what a list is asked for. Every value is checked; what is wrong is named."""

from collections.abc import Iterable
from typing import Any

from django.http import QueryDict

from cityloop.doors.open311.times import instant
from cityloop.ground.codes import check_point
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.loops.cases import numbers
from cityloop.loops.cases.actions.prepare import organisations
from cityloop.loops.cases.openly import Wanted

DAY = 86_400_000_000
SPAN = 90 * DAY
FRESH = 7 * DAY  # what changed since then is few beside all there is
SUMMER_TIME = 3_600_000_000  # two ends in different zones may be an hour further apart
SECOND = 1_000_000  # an end is told to the second, and belongs to what is asked for
MOST = 1000
DEEPEST = 10_000
FAR = 20_000


def wanted(given: QueryDict, now: int) -> Wanted:
    """Give which requests a list is asked for. No query."""
    ids = _ids(given)
    if ids is not None:
        return Wanted(ids=ids)
    changed_since, changed_until = moment(given, "updated_after"), moment(given, "updated_before")
    since, until = window(given, now) if changed_since is None or _dated(given) else (None, None)
    size, skip = _page(given)
    return Wanted(
        matters=tuple(listed(given, "service_code")) or None,
        orgs=_agencies(listed(given, "agency_responsible")),
        ended=_ended(listed(given, "status")),
        since=since,
        until=until,
        changed_since=changed_since,
        changed_until=changed_until,
        freshly=changed_since is not None and now - changed_since < FRESH,
        box=_box(given),
        circle=_circle(given),
        before=place_in_order(given, "before"),
        skip=skip,
        most=size,
    )


def listed(given: QueryDict, name: str) -> list[str]:
    """Give the values of a parameter that may come several times, with commas, or both; at most a thousand."""
    found = [part.strip() for text in given.getlist(name) for part in text.split(",")]
    found = [part for part in found if part]
    if len(found) > MOST:
        raise Refusal("open311.many", "Name at most {most} at once.", name, most=MOST)
    return found


def _ids(given: QueryDict) -> tuple[int, ...] | None:
    texts = listed(given, "service_request_id")
    return tuple(_known_numbers(texts)) if texts else None


def _known_numbers(texts: Iterable[str]) -> Iterable[int]:
    """Give the ids in numbers of ours; what has another form is nobody's number, and is left out."""
    for text in texts:
        try:
            yield numbers.case_id(text)
        except Refusal:
            continue


def _dated(given: QueryDict) -> bool:
    return bool(given.get("start_date") or given.get("end_date"))


def moment(given: QueryDict, name: str) -> int | None:
    """Give the instant of a parameter, None where it is not there or empty."""
    text = given.get(name, "").strip()
    return instant(text, name) if text else None


def window(given: QueryDict, now: int) -> tuple[int, int]:
    """Give the time asked for: at most 90 days, the last 90 where nothing is said."""
    since, until = moment(given, "start_date"), moment(given, "end_date")
    if since is None:
        until = now + 1 if until is None else until + SECOND
        return until - SPAN, until
    until = since + SPAN if until is None else until + SECOND
    if until <= since:
        raise Refusal("open311.window", "The end lies before the start.", "end_date")
    if until - since > SPAN + SUMMER_TIME:
        raise Refusal("open311.span", "Ask for at most 90 days at once.", "end_date")
    return since, until


def _ended(names: list[str]) -> bool | None:
    wanted_states = {name.lower() for name in names}
    if wanted_states - {"open", "closed"}:
        raise Refusal("open311.status", "A status is open or closed.", "status")
    return None if len(wanted_states) != 1 else "closed" in wanted_states


def _agencies(names: list[str]) -> tuple[int, ...] | None:
    """Find organisations by key or by name in any language; an unknown one leads nothing."""
    if not names:
        return None
    sought = {name.casefold() for name in names}
    known = {o.id: o for o in organisations().values()}
    return tuple(o.id for o in known.values() if sought & {o.key, *(name.casefold() for name in o.names.values())})


def _page(given: QueryDict) -> tuple[int, int]:
    size, page = _count(given, "page_size", MOST), _count(given, "page", 1)
    size = min(size, MOST)
    if (page - 1) * size > DEEPEST:
        raise Refusal("open311.page", "Go on by the address in the header Link, not by numbers so high.", "page")
    return size, (page - 1) * size


def size_of(given: QueryDict) -> int:
    """Give how many rows are asked for, at most a thousand."""
    return min(_count(given, "page_size", MOST), MOST)


def _count(given: QueryDict, name: str, otherwise: int) -> int:
    text = given.get(name, "").strip()
    number = natural(text) if text else otherwise
    if not number:
        raise Refusal("open311.count", "Give a whole number from 1.", name)
    return number


def point_of(given: Any) -> tuple[float, float] | None:
    """Give (lon, lat) of a point asked for, None where there is none; refuse half a point, and what is none."""
    lat, lon = (str(given.get(name, "")).strip() for name in ("lat", "long"))
    if not lat and not lon:
        return None
    for name, text in (("lat", lat), ("long", lon)):
        if not text:
            raise Refusal("open311.point", "A point needs both lat and long.", name)
    return check_point(lon, lat, lon_field="long")


def _circle(given: QueryDict) -> tuple[float, float, float] | None:
    point = point_of(given)
    if point is None:
        return None
    radius = _number(given.get("radius", "").strip() or "1000", "radius")
    if not 0 < radius <= FAR:
        raise Refusal("open311.radius", "A radius is more than 0 and at most {most} metres.", "radius", most=FAR)
    return (*point, radius)


def _box(given: QueryDict) -> tuple[float, float, float, float] | None:
    text = given.get("bbox", "").strip()
    if not text:
        return None
    parts = [_number(part, "bbox") for part in text.split(",")[:5]]
    if len(parts) != 4 or parts[0] > parts[2] or parts[1] > parts[3]:
        raise Refusal("open311.box", "Give a box as west,south,east,north in degrees.", "bbox")
    return parts[0], parts[1], parts[2], parts[3]


def _number(text: str, field: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e9:
        raise Refusal("open311.number", "Give a number.", field)
    return number


def place_in_order(given: QueryDict, name: str) -> tuple[int, int] | None:
    """Read the place in a list that a `Link` of ours named."""
    text = given.get(name, "").strip()
    if not text:
        return None
    at, _, key = text.partition(".")
    first, second = natural(at), natural(key)
    if first is None or second is None:
        raise Refusal("open311.order", "Take this value from the header Link, unchanged.", name)
    return first, second
