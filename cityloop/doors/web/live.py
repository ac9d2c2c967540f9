"""Live events: one stream of server-sent events for each browser, filtered by authority, resumed by offset.

Raw ASGI, because it stays open. A step reaches the streams once it has its offset. However many streams there are,
the ledger is read once, by one task of the process; each stream then asks its own scope, in memory, what of it
may pass. After a gap the browser sends `Last-Event-ID` and gets from the database what it missed.
"""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from http.cookies import SimpleCookie
from importlib import import_module
from random import random
from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError, close_old_connections
from django.http import HttpRequest

from cityloop.ground.kit.visitor import of_scope
from cityloop.ground.kit.words import natural
from cityloop.loops.cases import stream as cases
from cityloop.loops.cases.stream import Passed
from cityloop.loops.sensing import stream as sensing
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.ledger.queries import after_offset, last_offset
from cityloop.town.orgs import authority
from cityloop.town.persons import pace, strangers
from cityloop.town.persons.queries import Access, access_of

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Still = Callable[[], bool]  # whether the session or the key of a stream still opens it
EVERY = 0.25
BEAT = 20.0
MOST = 200
KEPT = 5_000
SCOPE_FRESH = 5.0
# Streams open at the same time in one web process: of one account, with all its screens and keys, and of one key. A
# browser has one for all its tabs; a wall of screens that share an account, or an office behind one address, fits well.
OF_ACCOUNT, OF_KEY = 300, 50
KNOCKS = 300  # a minute from one address with no session or key that opens a stream; what opens one is not counted
LATER = 30  # seconds until one that was refused comes again


Whose = tuple[str, int]  # "account" or "key", and its id
MOST_OF = {"account": OF_ACCOUNT, "key": OF_KEY}


class Tail:
    """The newest steps of the ledger, read by one task for all streams of this process while there are any."""

    def __init__(self) -> None:
        self.offset = -1  # the last one looked at
        self.start = -1  # what lies at or before this is not kept
        self.kept: deque[tuple[Passed, bytes]] = deque()
        self.changed = asyncio.Event()
        self.scopes: dict[int, tuple[float, asyncio.Future[authority.Scope]]] = {}
        self.joining = asyncio.Lock()
        self.streams = 0
        self.open = Counter[Whose]()
        self.task: asyncio.Task[None] | None = None

    def full(self, whose: Sequence[Whose]) -> bool:
        """Tell whether one of these has as many streams open as it may."""
        return any(self.open[one] >= MOST_OF[one[0]] for one in whose)

    async def join(self, whose: Sequence[Whose]) -> None:
        """Begin to read with the first stream."""
        self.streams += 1
        self.open.update(whose)
        async with self.joining:  # of many that come at once, one begins: two readers would keep each step twice
            if self.task is None or self.task.done():
                self.offset = self.start = await _in_thread(last_offset)
                self.kept.clear()
                self.scopes.clear()
                self.task = asyncio.create_task(self._read())

    def leave(self, whose: Sequence[Whose]) -> None:
        """Stop with the last stream."""
        self.streams -= 1
        self.open.subtract(whose)
        for one in whose:
            if self.open[one] <= 0:
                del self.open[one]
        if not self.streams and self.task is not None:
            self.task.cancel()
            self.task = None

    async def _read(self) -> None:
        while True:
            with contextlib.suppress(DatabaseError):  # away or busy: the next look finds what was missed
                offset, found = await _in_thread(passing, self.offset, MOST)
                if offset != self.offset:
                    self._keep(offset, found)
                    if len(found) >= MOST:
                        continue
            await asyncio.sleep(EVERY)

    def _keep(self, offset: int, found: list[Passed]) -> None:
        self.kept.extend((step, _event(step.offset, step.facts)) for step in found)
        while len(self.kept) > KEPT:
            self.start = self.kept.popleft()[0].offset
        self.offset = offset
        told, self.changed = self.changed, asyncio.Event()
        told.set()

    def since(self, offset: int) -> list[tuple[Passed, bytes]]:
        """Give what is kept after an offset; only right from `start` on."""
        found = []
        for pair in reversed(self.kept):  # from the end: of thousands kept, a stream lacks a few
            if pair[0].offset <= offset:
                break
            found.append(pair)
        return found[::-1]

    async def scope_of(self, account: Any) -> authority.Scope:
        """Give what an account may see, asked anew every five seconds, once for all its screens.

        The first screen that finds it old asks; those that wake beside it, a thousand at once, wait for that answer.
        """
        now = asyncio.get_running_loop().time()
        asked, answer = self.scopes.get(account.pk, (-SCOPE_FRESH, None))
        if answer is None or now - asked >= SCOPE_FRESH or (answer.done() and answer.exception()):
            answer = asyncio.ensure_future(_in_thread(_scope, account))
            self.scopes[account.pk] = (now, answer)
        return await asyncio.shield(answer)


_tails: dict[Any, Tail] = {}


def _tail() -> Tail:
    """Give the tail of this event loop."""
    return _tails.setdefault(asyncio.get_running_loop(), Tail())


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer `GET /live`: events of cases and alarms this account may see, from now or from `Last-Event-ID` on."""
    headers = _headers(scope)
    account = await _in_thread(_known, _address(scope, headers), _account, headers)
    if account is None:
        await _plain(send, 403, b"sign in first\n")
        return
    if account is OFTEN or _tail().full([("account", account.pk)]):
        await _plain(send, 429, b"too many streams, or tries to open one\n")
        return
    whose = [("account", account.pk)]
    await _serve(receive, send, account, headers, whose, lambda: _account(headers) is not None)


async def keyed(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer `GET /api/v1/live`: the same stream for a program, by its access key with the scope `read`."""
    headers = _headers(scope)
    access, refusal = await _in_thread(_access_of_key, headers, scope)
    if access is None:
        await _refuse(send, *refusal)
        return
    whose = [("account", access.account.pk), ("key", access.key)]
    if _tail().full(whose):
        await _refuse(send, *TOO_MANY)
        return
    await _serve(receive, send, access.account, headers, whose, lambda: _still_good(headers))


def _headers(scope: dict[str, Any]) -> dict[str, str]:
    return {k.decode().lower(): v.decode("latin-1") for k, v in scope["headers"]}


async def _serve(
    receive: Receive, send: Send, account: Any, headers: dict[str, str], whose: Sequence[Whose], still: Still
) -> None:
    tail = _tail()
    await tail.join(whose)
    gone = asyncio.ensure_future(_gone(receive))
    try:
        await _open(send)
        seen = natural(headers.get("last-event-id", ""))
        await _stream(send, tail, account, tail.offset if seen is None else min(seen, tail.offset), gone, still)
        await send({"type": "http.response.body", "body": b""})
    finally:
        tail.leave(whose)
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await gone


async def _open(send: Send) -> None:
    kind = (b"content-type", b"text/event-stream; charset=utf-8")
    kept = [kind, (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]
    await send({"type": "http.response.start", "status": 200, "headers": kept})
    await _say(send, b": here\n\n")


async def _stream(
    send: Send, tail: Tail, account: Any, offset: int, gone: "asyncio.Future[None]", still: Still
) -> None:
    loop = asyncio.get_running_loop()
    quiet = loop.time()
    asked = quiet - BEAT * 2 * random()  # noqa: S311 - a thousand opened at once are not all asked for at once
    while not gone.done():
        if loop.time() - asked >= BEAT * 3:  # who signed out, or whose key was ended, would listen on for ever
            if not await _in_thread(_holds, still):
                return
            asked = loop.time()
        changed, tip = tail.changed, tail.offset
        if offset < tail.start:  # before what is kept: from the database, a little at a time
            offset, events = await _in_thread(_missed, account, offset)
        else:
            new, offset = tail.since(offset), tip
            scope = await tail.scope_of(account) if new else authority.NOBODY
            events = [event for step, event in new if step.seen_by(scope)]
        if events:
            await _say(send, b"".join(events))
            quiet = loop.time()
        elif loop.time() - quiet > BEAT:
            await _say(send, b"event: beat\ndata: 1\n\n")
            quiet = loop.time()
        if offset >= tail.offset:
            await _wait(changed, gone)


def _holds(still: Still) -> bool:
    """Tell whether what a stream was opened with is still good; while the database is away, it is."""
    try:
        return still()
    except DatabaseError:
        return True


async def _wait(changed: asyncio.Event, gone: "asyncio.Future[None]") -> None:
    """Wait until there is something new, the browser has gone, or a sign of life is due."""
    news: asyncio.Future[Any] = asyncio.ensure_future(changed.wait())
    both: list[asyncio.Future[Any]] = [news, gone]
    await asyncio.wait(both, timeout=BEAT, return_when=asyncio.FIRST_COMPLETED)
    news.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _scope(account: Any) -> authority.Scope:
    """Give what an account may see now; one closed meanwhile sees nothing."""
    return authority.scope(get_account(account), city_clock.now())


def get_account(account: Any) -> Any:
    """Give an account as it is now."""
    account.refresh_from_db(fields=["is_active"])
    if hasattr(account, "_scope"):
        del account._scope
    return account


def _missed(account: Any, offset: int) -> tuple[int, list[bytes]]:
    """Give the new offset and the events this account may see of what it missed."""
    scope = _scope(account)
    last, found = passing(offset, MOST)
    return last, [_event(one.offset, one.facts) for one in found if one.seen_by(scope)]


def passing(after: int, most: int) -> tuple[int, list[Passed]]:
    """Give the last offset looked at, and the steps of cases and of alarms after it. Five queries at most.

    An alarm is seen by those whose area it is in, and by those who have a part in its case.
    """
    rows = list(after_offset(after, most))
    if not rows:
        return after, []
    alarms = sensing.passed(rows)
    paths = cases.paths_of(one.case for one in alarms if one.case)
    theirs = [Passed(one.offset, one.facts, one.unit, one.level, tuple(paths.get(one.case, ())), 0) for one in alarms]
    found = sorted([*cases.passed(rows), *theirs], key=lambda one: one.offset)
    return rows[-1].offset or after, found


def _event(offset: int, facts: dict[str, Any]) -> bytes:
    kind = b"alarm" if "alarm" in facts else b"step"
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (offset, kind, msgspec.json.encode(facts))


OFTEN = object()  # in the place of an account: whoever knocks has done so too often in vain


def _known(address: str, ask: Callable[..., Any], *args: Any) -> Any:
    """Give who knocks; those who are nobody are counted by their address, and only so many are looked up a minute."""
    if strangers.count("live", address, KNOCKS).refused:
        return OFTEN
    if (found := ask(*args)) is not None:
        strangers.give_back("live", address)
    return found


def _account(headers: dict[str, str]) -> Any:
    cookie = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    if cookie is None:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(cookie.value)
    account = get_user(request)
    if not account.is_authenticated or not authority.signed_in(account, city_clock.now()).sees_anything():
        return None
    return account


Refused = tuple[int, str, str, dict[str, str]]
NOBODY_AT_ALL: Refused = (
    401, "api.key", "Send a valid access key: Authorization: Bearer KEY.",
    {"www-authenticate": 'Bearer realm="cityloop"'},
)  # fmt: skip
NOT_FOR_THIS: Refused = (403, "api.scope", "This key is not good for this: it needs the scope read.", {})
TOO_MANY: Refused = (
    429, "api.streams", f"This key or its account has too many streams open; come again in {LATER} seconds.",
    {"retry-after": str(LATER)},
)  # fmt: skip
TOO_OFTEN: Refused = (
    429, "api.rate", "Too many keys that are none were tried from where you are; come again in a minute.",
    {"retry-after": "60"},
)  # fmt: skip
SEES_NOTHING: Refused = (403, "authority.denied", "None of your posts sees any case: there is nothing to send.", {})


def _address(scope: dict[str, Any], headers: dict[str, str]) -> str:
    return of_scope(scope, headers, settings.PROXIES)


def _access_of_key(headers: dict[str, str], scope: dict[str, Any]) -> tuple[Access | None, Refused]:
    """Give the access key that may follow the stream, or why none may."""
    if scope.get("method", "GET") != "GET":
        return None, (405, "api.method", "Use the method GET here.", {"allow": "GET"})
    token = _token(headers)
    access = _known(_address(scope, headers), lambda: access_of(token, real_now()) if token else None)
    if access is None or access is OFTEN:
        return None, TOO_OFTEN if access is OFTEN else NOBODY_AT_ALL
    left = pace.count(access.key, token, access.per_minute)
    if left.refused:
        title = f"This key may make {left.most} requests a minute; come again in {left.seconds} seconds."
        return None, (429, "api.rate", title, {"retry-after": str(left.seconds)})
    if "read" not in access.scopes:
        return None, NOT_FOR_THIS
    if not authority.scope(access.account, city_clock.now()).sees_anything():
        return None, SEES_NOTHING
    return access, NOBODY_AT_ALL


def _still_good(headers: dict[str, str]) -> bool:
    access = access_of(_token(headers), real_now())
    return access is not None and authority.scope(access.account, city_clock.now()).sees_anything()


def _token(headers: dict[str, str]) -> str:
    way, _space, token = headers.get("authorization", "").partition(" ")
    return token.strip() if way.casefold() == "bearer" else ""


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


async def _refuse(send: Send, status: int, code: str, detail: str, more: dict[str, str]) -> None:
    kept = [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store")]
    kept += [(name.encode(), value.encode()) for name, value in more.items()]
    kind, title = f"/api/v1/problems#{code}", HTTPStatus(status).phrase
    told = {"type": kind, "title": title, "status": status, "detail": detail, "code": code, "field": None}
    await send({"type": "http.response.start", "status": status, "headers": kept})
    await send({"type": "http.response.body", "body": msgspec.json.encode(told)})


async def _plain(send: Send, status: int, words: bytes) -> None:
    kept = [(b"content-type", b"text/plain"), *([(b"retry-after", b"%d" % LATER)] if status == 429 else [])]
    await send({"type": "http.response.start", "status": status, "headers": kept})
    await send({"type": "http.response.body", "body": words})
