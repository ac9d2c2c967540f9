"""Without its stream a city goes on, and says so."""

import asyncio

import pytest
from django.test import override_settings

from cityloop.doors.web import health
from tests.conftest import free_port

pytestmark = pytest.mark.once


def said(*servers: str, greeting: bytes = b"") -> str:
    """Ask, with something that listens where a greeting is given."""

    async def ask() -> str:
        async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(greeting)
            await writer.drain()
            writer.close()

        port = free_port()
        server = await asyncio.start_server(greet, "127.0.0.1", port)
        with override_settings(STREAM=[*servers, *([f"nats://a:b@127.0.0.1:{port}"] if greeting else [])]):
            found = await health.fault_of_stream()
        server.close()
        return found

    return asyncio.run(ask())


def test_a_stream_that_answers_is_nothing_to_speak_of() -> None:
    away = f"nats://127.0.0.1:{free_port()}"
    assert said() == ""
    assert said(away, greeting=b'INFO {"jetstream":true}\r\n') == ""
    assert "alarms come later" in said(away)
    assert "alarms come later" in said(away, greeting=b"HTTP/1.1 400 Bad Request\r\n")
