"""`GET /metrics`: raw ASGI, for whoever has the word of CITYLOOP_METRICS. Not by address: behind a proxy of the same
machine every visitor comes from here."""

import asyncio
import hmac
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from cityloop.doors.metrics.city import City
from cityloop.doors.metrics.counting import kept

Send = Callable[[dict[str, Any]], Awaitable[None]]
WAY, BEARER = b"bearer ", [(b"www-authenticate", b"Bearer")]
# One thread: two that ask at once wait for each other's answer, and it never opens more than one connection.
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="metrics")


async def app(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """Answer with all that is counted and waits."""
    if scope["method"] not in ("GET", "HEAD"):
        await _say(send, 405, b"use GET\n", [(b"allow", b"GET, HEAD")])
    elif not known(dict(scope["headers"]).get(b"authorization", b"")):
        await _say(send, 401, b"send the word of CITYLOOP_METRICS: Authorization: Bearer WORD\n", BEARER)
    else:
        body, kind = await asyncio.get_running_loop().run_in_executor(_thread, told)
        await _say(send, 200, b"" if scope["method"] == "HEAD" else body, [(b"content-type", kind.encode())])


def known(header: bytes) -> bool:
    """Tell whether a header brings the word."""
    brought = header[len(WAY) :].strip() if header[: len(WAY)].lower() == WAY else b""
    return hmac.compare_digest(brought, settings.METRICS.encode())


def told() -> tuple[bytes, str]:
    """Give the text, and what kind of text it is."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess

    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    registry = CollectorRegistry() if folder else kept().registry
    if folder:
        _bury(Path(folder))
        multiprocess.MultiProcessCollector(registry, folder)
    try:
        return generate_latest(registry) + generate_latest(_city()), CONTENT_TYPE_LATEST
    finally:
        connection.close()


@cache
def _city() -> Any:
    from prometheus_client import CollectorRegistry

    made = CollectorRegistry()
    made.register(City())
    return made


def _bury(folder: Path) -> None:
    """Take away what processes that are gone say is open now; what they have counted stays."""
    from prometheus_client import multiprocess

    for pid in {path.stem.rpartition("_")[2] for path in folder.glob("gauge_live*.db")}:
        if pid.isdecimal() and not _runs(int(pid)):
            with suppress(OSError):
                multiprocess.mark_process_dead(int(pid), str(folder))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


async def _say(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    plain = [] if status == 200 else [(b"content-type", b"text/plain; charset=utf-8")]
    every = [*headers, *plain, (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": every})
    await send({"type": "http.response.body", "body": body})
