"""Live events: one stream of server-sent events for each browser, filtered by authority, resumed by offset.

Raw ASGI, because it stays open. A step reaches the stream once it has its offset; after a gap the browser
sends `Last-Event-ID` and gets what it missed. The database is asked once a second for all streams together.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.db import close_old_connections
from django.http import HttpRequest

from cityloop.ground.kit.words import natural
from cityloop.loops.cases.queries import seen_steps
from cityloop.town.calendar.clock import city_clock
from cityloop.town.ledger.queries import last_offset
from cityloop.town.orgs import authority

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
EVERY = 1.0
BEAT = 20.0
MOST = 200


class _Tip:
    """The last offset, asked for at most once a second by all streams of this process."""

    def __init__(self) -> None:
        self.offset = -1
        self.asked = 0.0
        self.lock = asyncio.Lock()

    async def now(self) -> int:
        loop = asyncio.get_running_loop()
        async with self.lock:
            if loop.time() - self.asked >= EVERY * 0.9:
                self.offset = await _in_thread(last_offset)
                self.asked = loop.time()
        return self.offset


_tip = _Tip()


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer `GET /live`: events of cases this account may see, from now or from `Last-Event-ID` on."""
    headers = {k.decode().lower(): v.decode("latin-1") for k, v in scope["headers"]}
    account = await _in_thread(_account, headers)
    if account is None:
        await _plain(send, 403)
        return
    start = headers.get("last-event-id", "")
    seen = natural(start)
    offset = await _tip.now() if seen is None else seen
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"text/event-stream; charset=utf-8"),
                (b"cache-control", b"no-store"),
                (b"x-accel-buffering", b"no"),
            ],
        }
    )
    gone = asyncio.ensure_future(_gone(receive))
    try:
        await _stream(send, account, offset, gone)
    finally:
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await gone


async def _stream(send: Send, account: Any, offset: int, gone: "asyncio.Future[None]") -> None:
    loop = asyncio.get_running_loop()
    await _say(send, b": here\n\n")
    quiet = loop.time()
    while not gone.done():
        tip = await _tip.now()
        if tip > offset:
            offset, events = await _in_thread(_events, account, offset)
            if events:
                await _say(send, b"".join(events))
                quiet = loop.time()
        if loop.time() - quiet > BEAT:
            await _say(send, b"event: beat\ndata: 1\n\n")
            quiet = loop.time()
        await asyncio.wait([gone], timeout=EVERY)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _events(account: Any, offset: int) -> tuple[int, list[bytes]]:
    """Give the new offset and the events this account may see. Authority is asked anew each time."""
    scope = authority.scope(account, city_clock.now())
    last, found = seen_steps(scope, offset, MOST)
    return last, [_event(number, facts) for number, facts in found]


def _event(offset: int, facts: dict[str, Any]) -> bytes:
    return b"id: %d\nevent: step\ndata: %s\n\n" % (offset, msgspec.json.encode(facts))


def _account(headers: dict[str, str]) -> Any:
    cookie = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    if cookie is None:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(cookie.value)
    account = get_user(request)
    if not account.is_authenticated or not authority.scope(account, city_clock.now()).sees_anything():
        return None
    return account


def _closing(call: Callable[..., Any], *args: Any) -> Any:
    close_old_connections()
    try:
        return call(*args)
    finally:
        close_old_connections()


async def _in_thread(call: Callable[..., Any], *args: Any) -> Any:
    return await sync_to_async(_closing, thread_sensitive=False)(call, *args)


async def _say(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _plain(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"sign in first\n"})
