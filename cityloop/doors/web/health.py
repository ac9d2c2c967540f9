"""Is it up, and can it serve? Raw ASGI, so that the answer does not wait behind pages."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
# One thread, so that the question never opens more than one connection.
_one_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readyz")


async def healthz(scope: Scope, receive: Any, send: Send) -> None:
    """Answer that the process is up."""
    await say(send, 200, "up")


async def readyz(scope: Scope, receive: Any, send: Send) -> None:
    """Answer that the database answers and holds all tables, or say what is wanting."""
    fault = await asyncio.get_running_loop().run_in_executor(_one_thread, fault_of_database)
    await say(send, 503 if fault else 200, fault or "ready")


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
