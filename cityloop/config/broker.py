"""Where the brokers are: CITYLOOP_MQTT and CITYLOOP_MQTT_DEVICES, read."""

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


def broker(text: str, below: str = COMES_IN) -> Broker | None:
    """Read `mqtt://user:password@host:1883/in` (`mqtts` over TLS); nothing said is no broker.

    Without a path messages come in `below`; "" is the top.
    """
    if not text.strip():
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in PORTS or not parts.hostname:
        raise Refusal("config.mqtt", "A broker of MQTT must look like mqtt://user:password@host:1883/in.")
    below = parts.path.strip("/") or below
    return Broker(
        parts.hostname, port or PORTS[parts.scheme], parts.scheme == "mqtts", unquote(parts.username or ""),
        unquote(parts.password or ""), f"{below}/" if below else "",
    )  # fmt: skip
