"""Reading a file whole, plain or gzipped, as far as it can be held; who asks says how one that is none is refused."""

import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cityloop.ground.kit.refusal import Refusal

MAX_BYTES = 1 << 30  # decompressed; a bomb is refused, not unpacked
GZIP = b"\x1f\x8b"
Bad = Callable[[Path, str], Refusal]


def read_bytes(path: Path, bad: Bad) -> bytes:
    """Read all bytes of a file."""
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == GZIP
            raw.seek(0)
            stream: Any = gzip.GzipFile(fileobj=raw) if zipped else raw
            content: bytes = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise bad(path, f"it cannot be read ({error})") from error
    if len(content) > MAX_BYTES:
        raise bad(path, f"it is larger than {MAX_BYTES:,} bytes")
    return content


def read_text(path: Path, bad: Bad) -> str:
    """Read a file of UTF-8; a byte order mark is dropped."""
    try:
        return read_bytes(path, bad).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise bad(path, f"byte {error.start} is not UTF-8") from error


def read_json(path: Path, bad: Bad) -> Any:
    """Read a file of JSON."""
    try:
        return json.loads(read_text(path, bad))
    except (json.JSONDecodeError, RecursionError) as error:
        raise bad(path, f"it is not JSON ({error})") from error
