"""What each process counts as it goes: requests, streams, readings, the steward's jobs. Nothing where nobody may ask.

All processes of a machine count into files of one folder (the library's multi-process mode), so that whichever web
process is asked tells of all of them. Labels come from closed lists: the templates of our routes, methods, statuses.
"""

from collections.abc import Awaitable, Callable
from functools import cache
from time import perf_counter
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Any, Send], Awaitable[None]]
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
ROUTE = "cityloop.route"  # where Django's layers leave the template in the scope
NO_ROUTE, STATIC = "none", "static"
STREAM = "/live"  # how the routes end that stay open


class Kept(NamedTuple):
    """The library's own objects, made once in a process."""

    registry: Any
    requests: Any
    seconds: Any
    streams: Any
    readings: Any
    jobs: Any
    failed: Any
    last: Any


@cache
def kept() -> Kept:
    """Load the library, which reads at that moment whether processes count together."""
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

    own = CollectorRegistry()
    return Kept(
        own,
        Counter("cityloop_requests", "Requests answered.", ["route", "method", "status"], registry=own),
        Histogram(
            "cityloop_request_seconds", "From a request's arrival to the first byte of its answer.",
            ["route", "method"], buckets=BUCKETS, registry=own,
        ),
        Gauge("cityloop_live_streams", "Streams of live events open now.", registry=own, multiprocess_mode="livesum"),
        Counter("cityloop_readings_kept", "Readings of instruments taken in.", registry=own),
        Counter("cityloop_steward_jobs", "Jobs that the steward ended.", ["job"], registry=own),
        Counter("cityloop_steward_jobs_failed", "Jobs of the steward that broke off.", ["job"], registry=own),
        Gauge(
            "cityloop_steward_job_last_seconds", "When a job of the steward last ended well, in Unix time.", ["job"],
            registry=own, multiprocess_mode="mostrecent",
        ),
    )  # fmt: skip


def counted(app: App, raw: tuple[str, ...]) -> App:
    """Count what an application answers; `raw` are the routes that Django does not know."""
    exact = {path: path for path in raw if not path.endswith("/")}
    below = tuple(path for path in raw if path.endswith("/"))

    def route_of(scope: Scope) -> str:
        if (found := scope.get(ROUTE)) is not None:
            return str(found)
        path = scope["path"]
        if path.startswith("/static/"):
            return STATIC
        return exact.get(path) or next((one for one in below if path.startswith(one)), NO_ROUTE)

    async def answered(scope: Scope, receive: Any, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        began, streams = perf_counter(), 0

        async def told(message: dict[str, Any]) -> None:
            nonlocal streams
            if message["type"] == "http.response.start":
                route = route_of(scope)
                note(route, scope["method"], message["status"], perf_counter() - began)
                if message["status"] == 200 and route.endswith(STREAM):
                    streams = 1
                    kept().streams.inc()
            await send(message)

        try:
            await app(scope, receive, told)
        finally:
            if streams:
                kept().streams.dec()

    return answered


def note(route: str, method: str, status: int, seconds: float) -> None:
    """Count one answer: a few microseconds, for what its labels stand for is looked up once."""
    one, time = _children(route, method if method in METHODS else "OTHER", status)
    one.inc()
    time.observe(seconds)


@cache
def _children(route: str, method: str, status: int) -> tuple[Any, Any]:
    return kept().requests.labels(route, method, str(status)), kept().seconds.labels(route, method)


def routed(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Leave the template of a request's route where `counted` finds it. Its address goes nowhere."""

    def told(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        scope, match = request.META.get("asgi.scope"), request.resolver_match
        if scope is not None and match is not None:
            scope[ROUTE] = match.route or "/"  # to Prometheus an empty label is none
        return response

    return told


def readings_kept(event: Any) -> None:
    """Count readings that were kept."""
    if settings.METRICS:
        kept().readings.inc(len(event.rows.time))


def job_ended(name: str, well: bool) -> None:
    """Note that the steward ended a job, well or not."""
    if not settings.METRICS:
        return
    kept().jobs.labels(name).inc()
    if well:
        kept().last.labels(name).set_to_current_time()
    else:
        kept().failed.labels(name).inc()
