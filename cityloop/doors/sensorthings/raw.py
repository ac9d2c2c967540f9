"""The way past Django, as the server hands requests over: what floods costs nothing it does not need.

Readings wait in the queue of `gathering`; all else is answered by the same door on a few threads.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import close_old_connections
from django.http import HttpRequest, QueryDict
from django.utils import translation

from cityloop.doors.sensorthings import arrays, calls, door, errors, keys, writing
from cityloop.doors.sensorthings.calls import ALWAYS, ROOT, Answer, Call
from cityloop.doors.sensorthings.gathering import gatherer
from cityloop.ground.kit.remembered import one_moment
from cityloop.loops.sensing.actions import ingesting
from cityloop.loops.sensing.actions.batches import Batch
from cityloop.loops.sensing.rules import said
from cityloop.town.calendar.clock import city_clock
from cityloop.town.persons.queries import Access

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
SMALL = 16 * 1024  # a body that is read and answered between two others, without a thread
_threads = ThreadPoolExecutor(3, "sensorthings")
_READINGS = re.compile(r"/?(?:Datastreams\((\d{1,18})\)/)?Observations/?", re.ASCII)
_ARRAYS = re.compile(r"/?CreateObservations/?")


def takes(scope: dict[str, Any]) -> bool:
    """Tell whether this way is open: where all is to go over TLS, Django sends who comes without it there."""
    return scope["type"] == "http" and (not settings.SECURE_SSL_REDIRECT or _secure(_headers(scope), scope["scheme"]))


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer a request."""
    headers = _headers(scope)
    try:
        root = _root(headers.get("host", ""), _secure(headers, scope["scheme"]))
        body = await _whole(receive)
    except DisallowedHost:
        await _answer(send, Answer(400, b"Bad Request", "text/plain"), scope["method"])
        return
    except ConnectionAbortedError:
        return
    if body is None:
        with translation.override(_language(headers)):
            answer = errors.told(errors.large())
        await _answer(send, answer, scope["method"])
        return
    asked = QueryDict(scope["query_string"]).items() if scope["query_string"] else ()
    query = [(name, str(value)) for name, value in asked]
    call = Call(scope["method"], scope["path"][len(ROOT) :], query, headers, body, root)
    await _answer(send, await _answered(call), call.method)


async def _answered(call: Call) -> Answer:
    try:
        found = await _gathered(call) if call.method == "POST" else None
    except Exception as error:  # noqa: BLE001 - whatever failed, a client of the standard is told in its form
        with translation.override(_language(call.headers)):
            return errors.said(error)
    return found or await _in_thread(door.answer, call)


# --- readings -------------------------------------------------------------------------------------


async def _gathered(call: Call) -> Answer | None:
    """Take plain readings in; None where it is something else that is posted."""
    single, table = _READINGS.fullmatch(call.path), _ARRAYS.fullmatch(call.path)
    if not single and not table:
        return None
    told = _reading(call.body, single[1]) if single else None
    if single and told is None:
        return None
    access = keys.writer_at_once(call.headers) or await _in_thread(keys.writer, call.headers)
    if told is not None:
        return await _one(told, call, access)
    return await _many(call, access)


def _reading(body: bytes, stream: str | None) -> said.ObservationSaid | None:
    """Read a reading that names what it is of; None where more is described with it."""
    told = said.read(said.ObservationSaid, body)
    if stream is not None:
        told.datastream = said.DatastreamSaid(id=int(stream))
    return told if writing.names_all(told) else None


async def _one(told: said.ObservationSaid, call: Call, access: Access) -> Answer:
    source = keys.actor(access).name
    taken = await gatherer.put(lambda at: ingesting.batch_of([told], at), source, len(call.body))
    return door.created(call.root, *writing.became(taken, told))


async def _many(call: Call, access: Access) -> Answer:
    body, source = call.body, keys.actor(access).name
    if len(body) <= SMALL:
        taken = await gatherer.put(lambda at: arrays.batch_of(body, at), source, len(body))
    else:
        batch = await _in_thread(_read, body)
        taken = await gatherer.put(lambda _at: batch, source, len(body))
    if len(body) <= SMALL and not taken.reasons:
        return calls.json(arrays.told(taken.columns, taken.reasons, call.root), 201)
    return await _in_thread(_listed, call, taken)


def _read(body: bytes) -> Batch:
    return arrays.batch_of(body, city_clock.now())


def _listed(call: Call, taken: ingesting.Taken) -> Answer:
    return calls.json(arrays.told(taken.columns, taken.reasons, call.root), 201)


# --- what the server says, and is told ------------------------------------------------------------


async def _whole(receive: Receive) -> bytes | None:
    """Read a body to its end; None where it is too large."""
    parts, size = list[bytes](), 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":  # half a batch is no batch
            raise ConnectionAbortedError
        part = message.get("body", b"")
        size += len(part)
        if size <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts) if size <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE else None


def _headers(scope: dict[str, Any]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _secure(headers: dict[str, str], scheme: str) -> bool:
    proxied = settings.SECURE_PROXY_SSL_HEADER
    if proxied:
        name, wanted = proxied
        return headers.get(name.removeprefix("HTTP_").replace("_", "-").lower(), "") == wanted
    return scheme == "https"


@lru_cache(256)
def _root(host: str, secure: bool) -> str:
    """Give the address of the service under the name it was asked by; one that is not the city's is refused."""
    request = HttpRequest()
    request.META = {"HTTP_HOST": host, "SERVER_NAME": "", "SERVER_PORT": ""}
    return f"{'https' if secure else 'http'}://{request.get_host()}{ROOT}"


@lru_cache(256)
def _spoken(accepted: str) -> str:
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = accepted
    return translation.get_language_from_request(request)


def _language(headers: Any) -> str:
    """Give the language of an answer: a program that names one has chosen it."""
    return _spoken(headers.get("accept-language") or settings.FIRST_LANGUAGE or "")


def _closing(call: Callable[..., Any], *args: Any) -> Any:
    close_old_connections()
    try:
        with one_moment():
            return call(*args)
    finally:
        close_old_connections()


async def _in_thread(work: Callable[..., Any], *args: Any) -> Any:
    headers = args[0].headers if isinstance(args[0], Call) else {}

    def run() -> Any:
        if not headers:
            return _closing(work, *args)
        with translation.override(_language(headers)):
            return _closing(work, *args)

    return await asyncio.get_running_loop().run_in_executor(_threads, copy_context().run, run)


@lru_cache(2)
def _always(strict: int) -> list[tuple[bytes, bytes]]:
    found = [*ALWAYS.items(), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin")]
    found += [("Strict-Transport-Security", f"max-age={strict}")] if strict else []
    return [(name.lower().encode(), value.encode()) for name, value in found]


async def _answer(send: Send, answer: Answer, method: str) -> None:
    headers = [*_always(settings.SECURE_HSTS_SECONDS), (b"content-type", answer.kind.encode())]
    length = answer.more is None and answer.status != 204
    headers += [(b"content-length", b"%d" % len(answer.body))] if length else []
    headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body, more = (b"", None) if method == "HEAD" else (answer.body, answer.more)
    while more is not None:
        await send({"type": "http.response.body", "body": body, "more_body": True})
        body = await _in_thread(next, more, b"")
        more = more if body else None
    await send({"type": "http.response.body", "body": body})
