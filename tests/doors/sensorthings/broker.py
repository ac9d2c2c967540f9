"""A real Mosquitto with the settings of deploy/, on ports and in a folder of its own; clients that speak and listen."""

import json
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.conftest import free_port
from tests.parts import broker as program

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
WORD = "a word"


@dataclass
class Broker:
    """A broker that may be ended and begun again."""

    folder: Path
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in ("1883", "1884", "1885")})
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        said = (DEPLOY / "mosquitto.conf").read_text().replace("/var/lib/mosquitto/", f"{self.folder}/")
        said = said.replace("/etc/mosquitto", str(self.folder))
        for name, port in self.ports.items():
            said = said.replace(f"listener {name} 127.0.0.1", f"listener {port} 127.0.0.1")
            said = said.replace(f"listener {name}\n", f"listener {port} 127.0.0.1\n")
        (self.folder / "m.conf").write_text(f"user root\n{said}")
        shutil.copy(DEPLOY / "mosquitto.acl", self.folder / "acl")
        words = self.folder / "passwords"
        words.touch()
        for name in ("cityloop", "station-7", "display"):
            subprocess.run([self._tool(), "-b", str(words), name, WORD], check=True, capture_output=True)
        with (self.folder / "log").open("ab") as log:
            command = [program(), "-c", str(self.folder / "m.conf")]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until(self._listens, "the broker did not begin")

    @staticmethod
    def _tool() -> str:
        return shutil.which("mosquitto_passwd") or "/usr/bin/mosquitto_passwd"

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.ports["1885"])) == 0

    def end(self, sign: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(sign)
            self.process.wait(20)
            self.process = None

    @property
    def url(self) -> str:
        return f"mqtt://cityloop:{WORD.replace(' ', '%20')}@127.0.0.1:{self.ports['1885']}/in"

    def client(self, name: str, port: str) -> paho.Client:
        made = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"{name} {uuid4().hex[:8]}", protocol=paho.MQTTv5)
        made.username_pw_set(name, WORD)
        made.reconnect_delay_set(1, 1)
        more = Properties(PacketTypes.CONNECT)
        more.SessionExpiryInterval = 600
        made.connect("127.0.0.1", self.ports[port], clean_start=False, properties=more)
        made.loop_start()
        return made


class Station:
    """A device that publishes on and on; `acknowledged` says when the broker has acknowledged what."""

    def __init__(
        self, client: paho.Client, topic: str, body: Callable[[int], bytes], first: int, every: float = 0.003
    ) -> None:
        self.client, self.topic, self.body, self.first, self.every = client, topic, body, first, every
        self.acknowledged: dict[int, float] = {}
        self.mids: dict[int, int] = {}
        self.client.on_publish = self._acknowledge
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._go_on, daemon=True)
        self.thread.start()

    def _acknowledge(self, _client: Any, _data: Any, mid: int, *_more: Any) -> None:
        self.acknowledged[mid] = time.monotonic()

    def _go_on(self) -> None:
        n = self.first
        while not self.stop.wait(self.every):
            if len(self.mids) - len(self.acknowledged) < 100:
                self.mids[self.client.publish(self.topic, self.body(n), qos=1).mid] = n
                n += 1

    def end(self) -> set[int]:
        """Stop; give what was acknowledged."""
        self.stop.set()
        self.thread.join()
        sent = {self.mids[mid] for mid in list(self.acknowledged)}
        self.client.disconnect()
        self.client.loop_stop()
        return sent


class Ears:
    """A subscriber, and what it has heard by topic."""

    def __init__(self, broker: Broker, *topics: str) -> None:
        self.heard: dict[str, list[Any]] = {}
        self.lock, ready = threading.Lock(), threading.Event()
        self.client = broker.client("display", "1884")
        self.client.on_message = self._hear
        self.client.on_subscribe = lambda *_given: ready.set()
        self.client.subscribe([(topic, 1) for topic in topics])
        assert ready.wait(10)

    def _hear(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        with self.lock:
            self.heard.setdefault(message.topic, []).append(json.loads(message.payload))

    def of(self, topic: str) -> list[Any]:
        with self.lock:
            return list(self.heard.get(topic, []))


def until(wanted: Callable[[], Any], why: str | Callable[[], str], seconds: float = 30.0) -> None:
    """Wait for something to become true. `why` may be asked at the end, for what was there by then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if wanted():
            return
        time.sleep(0.1)
    raise AssertionError(why if isinstance(why, str) else why())
