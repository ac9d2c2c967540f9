"""The door itself: who comes in, by which method, and in which form answers leave."""

from collections.abc import Callable

import msgspec
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import ProgrammingError

from cityloop.doors.sensorthings import calls, errors, keys, newest, options, paths, together, writing
from cityloop.doors.sensorthings.calls import METHODS, Answer, Call
from cityloop.doors.sensorthings.entities import ENTITIES
from cityloop.doors.sensorthings.paths import Meant
from cityloop.doors.sensorthings.reading import Reader, data_array
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.calendar.clock import city_clock
from cityloop.town.persons.queries import Access
from cityloop.town.units import queries as units

_OGC = "http://www.opengis.net/spec/iot_sensing/1.1/req"
CONFORMANCE = [
    *(f"{_OGC}/datamodel/{name}" for name in (
        "thing", "location", "historical-location", "datastream", "sensor", "observed-property", "observation",
        "feature-of-interest", "entity-control-information",
    )),
    f"{_OGC}/resource-path/resource-path-to-entities",
    *(f"{_OGC}/request-data/{name}" for name in (
        "order", "expand", "select", "status-code", "query-status-code", "orderby", "top", "skip", "count", "filter",
        "built-in-filter-operations", "built-in-query-functions", "pagination",
    )),
    *(f"{_OGC}/create-update-delete/{name}" for name in (
        "create-entity", "link-to-existing-entities", "deep-insert", "deep-insert-status-code", "update-entity",
        "delete-entity", "historical-location-auto-creation",
    )),
    f"{_OGC}/data-array/data-array", f"{_OGC}/batch-request/batch-request",
]  # fmt: skip

TAKES_BY_MQTT = f"{_OGC}/create-observations-via-mqtt/observations-creation"
TELLS_BY_MQTT = f"{_OGC}/receive-updates-via-mqtt/receive-updates"


def answer(call: Call) -> Answer:
    """Answer a request, whatever comes."""
    try:
        return _METHODS.get(call.method, _unknown)(call)
    except (FieldError, ProgrammingError, ValueError, TypeError) as error:
        asks = {"$filter", "$orderby"} & {name for name, _value in call.query}
        return errors.unfit(error) if asks else errors.said(error)
    except Exception as error:  # noqa: BLE001 - a client of the standard can read no page of ours, whatever failed
        return errors.said(error)


def _unknown(call: Call) -> Answer:
    return errors.told(Refusal("sensing.method", "This address does not know this method."))


def _options(call: Call) -> Answer:
    headers = {
        "Allow": METHODS, "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Api-Key",
    }  # fmt: skip
    return Answer(204, headers=headers)


# --- reading --------------------------------------------------------------------------------------


def _get(call: Call) -> Answer:
    units.city()
    keys.reader(call.headers)
    return got(call)


def _met() -> list[str]:
    """List what of the standard is met here, which by MQTT depends on the brokers there are."""
    takes = [TAKES_BY_MQTT] if settings.MQTT or settings.MQTT_DEVICES else []
    return [*CONFORMANCE, *takes, *([TELLS_BY_MQTT] if settings.MQTT else [])]


def got(call: Call) -> Answer:
    """Answer a reading by somebody who may read."""
    root = call.root
    if not call.path.strip("/"):
        sets = [{"name": name, "url": f"{root}/{name}"} for name in ENTITIES]
        return calls.json({"value": sets, "serverSettings": {"conformance": _met()}})
    reader = Reader(root)
    at_once = newest.page(call.path, call.query, reader)
    if at_once is not None:
        return calls.json(at_once)
    here = paths.meant(call.path)
    asked = options.read(here.asked.entity, call.query)
    if here.ref:
        asked.select, asked.expand = ["@iot.selfLink"], {}
    if here.field:
        return _property(here, reader)
    if here.single:
        one = reader.one(here.asked, asked)
        if one is None:
            raise errors.nothing()
        return calls.json(one)
    unnamed = bool(asked.format and asked.select and not {"id", "@iot.id"}.intersection(asked.select))
    asked.select += ["@iot.id"] if unnamed else []  # whose each reading is its id says
    address = f"{root}/{call.path.strip('/')}"
    if asked.format:
        return calls.json(data_array(reader.page(here.asked, asked, address), root, unnamed=unnamed))
    return calls.pieced(reader.pieces(here.asked, asked, address))


def _property(here: Meant, reader: Reader) -> Answer:
    one = reader.one(here.asked, options.Options(select=[here.field]))
    if one is None:
        raise errors.nothing()
    value = one.get(here.field)
    if value is None:
        return Answer(204)
    if not here.raw:
        return calls.json({here.field: value})
    plain = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return Answer(200, plain.encode(), "text/plain; charset=utf-8")


# --- writing --------------------------------------------------------------------------------------


def _post(call: Call) -> Answer:
    if call.path.strip("/") == "$batch":
        keys.reader(call.headers)
        return together.answered(call, answer)
    return posted(call, keys.writer(call.headers))


def posted(call: Call, access: Access) -> Answer:
    """Answer an addition by somebody who may add."""
    by, at = keys.actor(access), city_clock.now()
    if call.path.strip("/") == "CreateObservations":
        return calls.json(writing.add_tables(call.body, call.root, source=by.name, by=by, at=at), 201)
    here = paths.meant(call.path)
    paths.writable(here)
    if here.single:
        return _unknown(call)
    address, new = writing.add(here, call.body, source=by.name, by=by, at=at)
    return created(call.root, address, new)


def created(root: str, address: str, new: bool) -> Answer:
    """Say where an entity is, and whether it is new."""
    return Answer(201 if new else 200, headers={"Location": f"{root}/{address}"})


def _patch(call: Call) -> Answer:
    return changed(call, keys.writer(call.headers))


def changed(call: Call, access: Access) -> Answer:
    """Answer a change by somebody who may change."""
    here = _single(call.path)
    writing.change(
        here, call.body, call.kind, Reader(call.root), whole=call.method == "PUT", by=keys.actor(access),
        at=city_clock.now(),
    )  # fmt: skip
    return Answer(200)


def _delete(call: Call) -> Answer:
    return removed(call, keys.writer(call.headers))


def removed(call: Call, access: Access) -> Answer:
    """Answer a removal by somebody who may remove."""
    writing.remove(_single(call.path), by=keys.actor(access), at=city_clock.now())
    return Answer(200)


def _single(path: str) -> Meant:
    here = paths.meant(path)
    paths.writable(here)
    if not here.single:
        raise Refusal("sensing.method", "Name one entity by its id.", allow="GET, HEAD, POST, OPTIONS")
    return here


_METHODS: dict[str, Callable[[Call], Answer]] = {
    "GET": _get, "HEAD": _get, "POST": _post, "PATCH": _patch, "PUT": _patch, "DELETE": _delete, "OPTIONS": _options
}  # fmt: skip
