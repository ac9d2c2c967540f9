"""What was kept, from the process that wrote it to the bridge: over a socket in the home folder, after the commit."""

import asyncio
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from cityloop.loops.sensing.events import ReadingsKept

Row = tuple[Any, ...]  # as `queries.NEWEST`
LONGEST = 100  # bytes that the address of a socket may have
AT_ONCE = 2_000
SECONDS, PAUSE = 1.0, 10.0  # how long a bridge that does not listen is waited for, and how long not at all then
_SIZE = struct.Struct("<I")
_rows = msgspec.msgpack.Decoder(list[Row])
_line: socket.socket | None = None
_again = 0.0
_turn = threading.Lock()


def place() -> str:
    """Give the address of the socket."""
    path = str(settings.HOME / "mqtt.sock")
    if len(path.encode()) <= LONGEST:
        return path
    return str(Path(tempfile.gettempdir()) / f"cityloop-{sha256(path.encode()).hexdigest()[:16]}.sock")


def pass_on(event: ReadingsKept) -> None:
    """Tell the bridge of readings, where a bridge is asked for. One that is not there is not waited for."""
    if not settings.MQTT:
        return
    rows = event.rows
    columns = [column.tolist() for column in (rows.datastream, rows.time, rows.lasts, rows.result)]
    made = [at if has else None for at, has in zip(rows.made.tolist(), rows.has_made.tolist(), strict=True)]
    told = list(zip(*columns, made, rows.feature.tolist(), rows.more, strict=True))
    with _turn:
        for start in range(0, len(told), AT_ONCE):
            if not _sent(msgspec.msgpack.encode(told[start : start + AT_ONCE])):
                return


def _sent(message: bytes) -> bool:
    global _line, _again
    if time.monotonic() < _again:
        return False
    for _ in range(2):  # a bridge that was begun anew has hung up on the old line
        try:
            if _line is None:
                line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                line.settimeout(SECONDS)
                line.connect(place())
                _line = line
            _line.sendall(_SIZE.pack(len(message)) + message)
        except OSError as error:
            if _line is not None:
                _line.close()
            _line = None
            if isinstance(error, TimeoutError):
                _again = time.monotonic() + PAUSE
                return False
        else:
            return True
    return False


async def listen(hear: Callable[[list[Row]], Awaitable[None]]) -> asyncio.AbstractServer:
    """Let the other processes tell us; each message is heard whole."""
    path = Path(place())
    path.unlink(missing_ok=True)

    async def line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                (size,) = _SIZE.unpack(await reader.readexactly(_SIZE.size))
                await hear(_rows.decode(await reader.readexactly(size)))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_unix_server(line, path)
    path.chmod(0o600)
    return server
