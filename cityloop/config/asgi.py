"""The one application: raw routes first, everything else Django's WSGI application on four threads.

Django's own ASGI handler is 2–5 × slower than WSGI bridged like this, and more threads only make
writers wait on each other (measured; see docs/explanation/server.md).
"""

import asyncio
import faulthandler
import gc
import os
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cityloop.config.settings")

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.wsgi import get_wsgi_application

faulthandler.enable()  # a fault below Python says in the log where it was
gc.disable()  # what is loaded stays: looking through it again and again is a sixth of the loading
pages = get_wsgi_application()
bridge: Any = WSGIMiddleware(cast("Any", pages), workers=4)


# Only now: these need Django to be set up.
from cityloop.config import lean, wiring  # noqa: E402
from cityloop.config.warm import warm  # noqa: E402
from cityloop.doors.metrics import counting  # noqa: E402
from cityloop.doors.metrics import door as metrics  # noqa: E402
from cityloop.doors.web import health  # noqa: E402

door = lean.Door(bridge.executor, pages)


async def django(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Hand a request to Django; granian's `receive` gives a future where the bridge wants a coroutine."""
    if lean.is_small(scope):
        await door(scope, receive, send)
        return

    async def take() -> Any:
        return await receive()

    await bridge(scope, take, send)


App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def router(
    routes: dict[str, App], otherwise: App, takes: Mapping[App, Callable[..., bool]] = MappingProxyType({})
) -> App:
    """Send each request to its raw route, else `otherwise`; a path ending in "/" takes all below it.

    `takes` says of a raw route which requests it takes; without a word it takes all.
    """
    exact = {path: app for path, app in routes.items() if not path.endswith("/")}
    below = [(path, app) for path, app in routes.items() if path.endswith("/")]

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
        elif scope["type"] == "http" or scope["path"] in exact:
            found = find(scope["path"])
            await (found if found not in takes or takes[found](scope) else otherwise)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    def find(path: str) -> App:
        return exact.get(path) or next((app for prefix, app in below if path.startswith(prefix)), otherwise)

    return app


async def lifespan(receive: Any, send: Any) -> None:
    """Say yes to the server's start and stop; what visitors would wait for is read beside, from the start on."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.startup":
            asyncio.get_running_loop().run_in_executor(bridge.executor, warm)
        if kind == "lifespan.shutdown":
            return


ROUTES: dict[str, App] = {"/healthz": health.healthz, "/readyz": health.readyz, **wiring.RAW_ROUTES}


def with_metrics() -> App:
    """Answer /metrics too, and count what is answered."""
    routes = {**ROUTES, "/metrics": metrics.app}
    return counting.counted(router(routes, django, wiring.RAW_TAKES), tuple(routes))


application = with_metrics() if settings.METRICS else router(ROUTES, django, wiring.RAW_TAKES)
gc.freeze()
gc.enable()
