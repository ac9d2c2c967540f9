"""Is it up, and can it serve? Raw ASGI, so that the answer does not wait behind pages."""

import asyncio
import functools
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit

ANSWER = 1.0  # seconds that a server of the stream is waited for
Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
# One thread, so that the question never opens more than one connection.
_one_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readyz")


async def healthz(scope: Scope, receive: Any, send: Send) -> None:
    """Answer that the process is up."""
    await say(send, 200, "up")


async def readyz(scope: Scope, receive: Any, send: Send) -> None:
    """Answer that the database answers and holds all tables, or say what is wanting.

    Without the stream a city goes on, and alarms come later: that is said, and it is ready all the same.
    """
    fault = await asyncio.get_running_loop().run_in_executor(_one_thread, fault_of_database)
    await say(send, 503 if fault else 200, fault or await fault_of_stream() or "ready")


async def fault_of_stream() -> str:
    """Say that no server of the stream answers, where one is asked for; or nothing."""
    from django.conf import settings

    for address in settings.STREAM:
        with suppress(OSError, TimeoutError):
            if await asyncio.wait_for(_greeting(urlsplit(address)), ANSWER) == b"INFO":
                return ""
    return "ready, but the stream does not answer: alarms come later" if settings.STREAM else ""


async def _greeting(address: SplitResult) -> bytes:
    """Give the first word of a server."""
    secure = ssl.create_default_context() if address.scheme == "tls" else None
    reader, writer = await asyncio.open_connection(address.hostname, address.port or 4222, ssl=secure)
    try:
        return await reader.read(4)
    finally:
        writer.close()


def fault_of_database() -> str:
    """Say in a few words why the database cannot serve, or nothing."""
    from django.db import Error, connection

    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "" if migrated() else "migrations are not applied"
    except Error:
        return "the database does not answer"
    finally:
        connection.close_if_unusable_or_obsolete()


def migrated() -> bool:
    """Say whether every migration is applied; once true it stays true for this process."""
    if _migrated.cache_info().currsize:
        return True
    from django.db import connection

    if pending(connection):
        return False
    return _migrated()


@functools.cache
def _migrated() -> bool:
    return True


def pending(connection: Any) -> list[str]:
    """List the migrations that this code has and the database has not."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [str(migration) for migration, _ in plan]


async def say(send: Send, status: int, words: str) -> None:
    """Send one short plain answer."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})
