"""Where the broker is: CITYLOOP_MQTT, read."""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from cityloop.ground.kit.refusal import Refusal

PORTS = {"mqtt": 1883, "mqtts": 8883}
COMES_IN = "in"  # below what devices' messages come in: the mount point of their listener


class Broker(NamedTuple):
    """A broker, as whom the bridge goes there, and below what messages of devices come in."""

    host: str
    port: int
    secure: bool
    user: str
    word: str
    below: str


def broker(text: str) -> Broker | None:
    """Read `mqtt://user:password@host:1883/in` (`mqtts` over TLS); nothing said is no broker."""
    if not text.strip():
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in PORTS or not parts.hostname:
        raise Refusal("config.mqtt", "CITYLOOP_MQTT must look like mqtt://user:password@host:1883/in.")
    below = parts.path.strip("/") or COMES_IN
    return Broker(
        parts.hostname, port or PORTS[parts.scheme], parts.scheme == "mqtts", unquote(parts.username or ""),
        unquote(parts.password or ""), f"{below}/",
    )  # fmt: skip
