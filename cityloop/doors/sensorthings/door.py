"""The door itself: who comes in, by which method, and in which form answers leave."""

from typing import Any

import msgspec
from django.core.exceptions import FieldError
from django.db import ProgrammingError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from cityloop.doors.sensorthings import errors, keys, options, paths, writing
from cityloop.doors.sensorthings.entities import ENTITIES
from cityloop.doors.sensorthings.paths import Meant
from cityloop.doors.sensorthings.reading import Reader, data_array
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.calendar.clock import city_clock
from cityloop.town.units import queries as units

ROOT = "/sta/v1.1"
METHODS = "GET, HEAD, POST, PATCH, PUT, DELETE, OPTIONS"
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
    f"{_OGC}/data-array/data-array",
]  # fmt: skip


@csrf_exempt
def answered(request: HttpRequest, path: str | None = None) -> HttpResponse:
    """Answer a request, whatever comes."""
    try:
        answer = _METHODS.get(request.method or "", _unknown)(request, path or "")
    except (FieldError, ProgrammingError, ValueError, TypeError) as error:
        answer = errors.unfit(error) if {"$filter", "$orderby"} & set(request.GET) else errors.said(error)
    except Exception as error:  # noqa: BLE001 - a client of the standard can read no page of ours, whatever failed
        answer = errors.said(error)
    answer["Access-Control-Allow-Origin"] = "*"  # open to programs in any page; nothing here rests on cookies
    answer["Cache-Control"] = "no-store"
    return answer


def _root(request: HttpRequest) -> str:
    return request.build_absolute_uri(ROOT)


def _json(value: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(value), status=status, content_type="application/json")


def _unknown(request: HttpRequest, path: str) -> HttpResponse:
    answer = errors.told(Refusal("sensing.method", "This address does not know this method."))
    answer["Allow"] = METHODS
    return answer


def _options(request: HttpRequest, path: str) -> HttpResponse:
    answer = HttpResponse(status=204, headers={"Allow": METHODS})
    answer["Access-Control-Allow-Methods"] = METHODS
    answer["Access-Control-Allow-Headers"] = "Authorization, Content-Type, X-Api-Key"
    return answer


# --- reading --------------------------------------------------------------------------------------


def _get(request: HttpRequest, path: str) -> HttpResponse:
    units.city()
    keys.reader(request)
    root = _root(request)
    if not path.strip("/"):
        sets = [{"name": name, "url": f"{root}/{name}"} for name in ENTITIES]
        return _json({"value": sets, "serverSettings": {"conformance": CONFORMANCE}})
    here, reader = paths.meant(path), Reader(root)
    asked = options.read(here.asked.entity, [(name, str(value)) for name, value in request.GET.items()])
    if here.ref:
        asked.select, asked.expand = ["@iot.selfLink"], {}
    if here.field:
        return _property(here, reader)
    if here.single:
        one = reader.one(here.asked, asked)
        if one is None:
            raise errors.nothing()
        return _json(one)
    page = reader.page(here.asked, asked, f"{root}/{path.strip('/')}")
    return _json(data_array(page, root) if asked.format else page)


def _property(here: Meant, reader: Reader) -> HttpResponse:
    one = reader.one(here.asked, options.Options(select=[here.field]))
    if one is None:
        raise errors.nothing()
    value = one.get(here.field)
    if value is None:
        return HttpResponse(status=204)
    if not here.raw:
        return _json({here.field: value})
    plain = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return HttpResponse(plain, content_type="text/plain; charset=utf-8")


# --- writing --------------------------------------------------------------------------------------


def _post(request: HttpRequest, path: str) -> HttpResponse:
    access = keys.writer(request)
    by, at, root = keys.actor(access), city_clock.now(), _root(request)
    if path.strip("/") == "CreateObservations":
        return _json(writing.add_tables(request.body, root, source=by.name, by=by, at=at), 201)
    here = paths.meant(path)
    paths.writable(here)
    if here.single:
        return _unknown(request, path)
    address, new = writing.add(here, request.body, source=by.name, by=by, at=at)
    answer = HttpResponse(status=201 if new else 200, content_type="application/json")
    answer["Location"] = f"{root}/{address}"
    return answer


def _patch(request: HttpRequest, path: str) -> HttpResponse:
    access = keys.writer(request)
    here = _single(path)
    writing.change(
        here, request.body, request.content_type or "", Reader(_root(request)), whole=request.method == "PUT",
        by=keys.actor(access), at=city_clock.now(),
    )  # fmt: skip
    return HttpResponse(status=200)


def _delete(request: HttpRequest, path: str) -> HttpResponse:
    access = keys.writer(request)
    writing.remove(_single(path), by=keys.actor(access), at=city_clock.now())
    return HttpResponse(status=200)


def _single(path: str) -> Meant:
    here = paths.meant(path)
    paths.writable(here)
    if not here.single:
        raise Refusal("sensing.method", "Name one entity by its id.")
    return here


_METHODS = {
    "GET": _get, "HEAD": _get, "POST": _post, "PATCH": _patch, "PUT": _patch, "DELETE": _delete, "OPTIONS": _options
}  # fmt: skip
