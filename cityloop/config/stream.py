"""Where the stream is: CITYLOOP_STREAM, read."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from cityloop.ground.kit.refusal import Refusal

SCHEMES = ("nats", "tls")


def stream(text: str) -> list[str]:
    """Read the addresses of a stream's servers, `nats://user:password@host:4222`, with commas; nothing said is none.

    `tls://` is TLS from the first byte on, to all of them: nobody in between can talk us out of it.
    """
    found = [one.strip() for one in text.split(",") if one.strip()]
    if not all(map(_good, found)) or len({urlsplit(one).scheme for one in found}) > 1:
        raise Refusal("config.stream", "CITYLOOP_STREAM must look like nats://user:password@host:4222.")
    if found and find_spec("nats") is None:
        raise Refusal("config.stream", "CITYLOOP_STREAM needs one more package: pip install 'cityloop[stream]'.")
    return found


def _good(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
