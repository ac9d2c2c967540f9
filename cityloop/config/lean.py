"""The short way: a small body, an answer known whole; for doors for programs without the layers only pages need.

Measured on the real server, the general bridge (four hand-overs between threads a request) and the layers of pages
(sessions, forgery tokens, content policy) cost more CPU than taking the report itself. A form that is sent goes the
short way too, with all layers.
"""

import asyncio
import io
from concurrent.futures import Executor
from functools import lru_cache
from typing import Any

from a2wsgi.wsgi import build_environ
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.urls import ResolverMatch, get_resolver
from django.utils.module_loading import import_string

from cityloop.config.speaking import PROGRAMS

LAYERS = (
    "cityloop.config.moment.moment",
    "cityloop.config.visitors.visitors",
    "django.middleware.security.SecurityMiddleware",
    "cityloop.config.speaking.CityLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
)
SMALL = 256 * 1024
FORM = b"application/x-www-form-urlencoded"
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


class Lean(WSGIHandler):
    """Django with those layers alone that an answer to a program needs."""

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the chain from `LAYERS` instead of the settings."""
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        handler = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]
        for path in reversed((*settings.NAMES_ROUTES, *LAYERS)):
            handler = convert_exception_to_response(import_string(path)(handler))
        self._middleware_chain = handler

    def resolve_request(self, request: Any) -> ResolverMatch:
        """Find the view of an address; where it was asked for before, without trying a hundred patterns again."""
        request.resolver_match = found = _found(request.path_info)
        return found


@lru_cache(maxsize=512)
def _found(path: str) -> ResolverMatch:
    return get_resolver().resolve(path)


def is_small(scope: dict[str, Any]) -> bool:
    """Tell whether a request fits the short way: to a door for programs, or a form without files; with a small body."""
    pages = not is_for_programs(scope)
    if pages and scope["method"] != "POST":
        return False
    headers = dict(scope["headers"])
    if pages and not headers.get(b"content-type", b"").startswith(FORM):
        return False
    # A body whose length is not told may be of any, and need not be told of at all where HTTP/2 is spoken.
    length = headers.get(b"content-length", b"0" if scope["method"] in ("GET", "HEAD") else b"")
    return b"transfer-encoding" not in headers and length.isdigit() and int(length) <= SMALL


def is_for_programs(scope: dict[str, Any]) -> bool:
    """Tell whether a request is to a door for programs."""
    return bool(scope["path"].startswith(PROGRAMS))


class Door:
    """Answers small requests on the threads that serve all others too."""

    def __init__(self, executor: Executor, pages: WSGIHandler) -> None:
        self.programs, self.pages, self.executor = Lean(), pages, executor

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = await whole(receive)
        if body is None:  # whoever asked is gone, and half a form is no form
            return
        loop = asyncio.get_running_loop()
        status, headers, said = await loop.run_in_executor(self.executor, self.answer, scope, body)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": said})

    def answer(self, scope: dict[str, Any], body: bytes) -> Answer:
        """Let Django answer; runs on a thread."""
        environ = build_environ(scope, io.BytesIO(body))  # type: ignore[arg-type]
        said: list[Any] = []
        handler: Any = self.programs if is_for_programs(scope) else self.pages
        response = handler(environ, lambda *start: said.append(start))
        try:
            content = b"".join(response)
        finally:
            response.close()
        status, headers = said[0][:2]
        encoded = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers]
        return int(status[:3]), encoded, content


async def whole(receive: Any) -> bytes | None:
    """Read a body to its end; None where it breaks off, or is larger than anything that comes here."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > SMALL:
            return None
        if not message.get("more_body", False):
            return body
