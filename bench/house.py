"""A city being served, for a bench: requests from a few keep-alive connections, and what they cost the processes."""

import http.client
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class House:
    """The processes of `cityloop serve` (or another verb that serves), and of PostgreSQL where there is one."""

    port: int
    process: "subprocess.Popen[bytes]"
    started: float = field(default_factory=time.monotonic)

    def processes(self) -> set[int]:
        """Give the ids of all its processes."""
        return below(self.process.pid)

    def cpu(self) -> dict[str, float]:
        """Give the CPU seconds used so far by the web workers, the steward and the database."""
        spent = {"web": 0.0, "steward": 0.0, "database": cpu_of(database())}
        for pid in self.processes():
            spent["steward" if "steward" in command(pid) else "web"] += cpu_of([pid])
        return spent

    def pss(self) -> int:
        """Give the proportional set size of all its processes, in bytes."""
        return sum(pss_of(pid) for pid in self.processes())


@contextmanager
def served(*words: str, workers: int = 2) -> Iterator[House]:
    """Serve the city of CITYLOOP_HOME and DATABASE_URL until the block ends."""
    port = free_port()
    verb = [*(words or ("serve", "--workers", str(workers))), "--port", str(port)]
    out, env = subprocess.DEVNULL, {**os.environ, "CITYLOOP_STRANGERS": "0"}  # all reports come from this machine
    process = subprocess.Popen([sys.executable, "-m", "cityloop.doors.cli.main", *verb], stdout=out, env=env)
    house = House(port, process)
    try:
        wait_ready(house)
        yield house
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def wait_ready(house: House, path: str = "/readyz", seconds: float = 600.0) -> float:
    """Wait until the address answers well; give the seconds since the command was typed."""
    while time.monotonic() - house.started < seconds:
        if house.process.poll() is not None:
            raise RuntimeError("the city ended while starting")
        try:
            if Client(house.port).send("GET", path)[0] == 200:
                return time.monotonic() - house.started
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the city was not ready in time")


class Client:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        """Send one request and give status and body."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        text = json.dumps(body) if body is not None else None
        if text is not None:
            sent["Content-Type"] = "application/json"
        self.connection.request(method, path, text, sent)
        answer = self.connection.getresponse()
        return answer.status, answer.read()


Request = tuple[str, Any, dict[str, str]]  # path, body, headers


def post_all(port: int, requests: Iterable[Request], connections: int = 4) -> list[tuple[int, bytes]]:
    """Post all requests over a few connections at once; give the answers in order."""
    waiting: queue.SimpleQueue[tuple[int, Request]] = queue.SimpleQueue()
    listed = list(requests)
    for one in enumerate(listed):
        waiting.put(one)
    answers: list[tuple[int, bytes]] = [(0, b"")] * len(listed)

    def work() -> None:
        client = Client(port)
        while True:
            try:
                number, (path, body, headers) = waiting.get_nowait()
            except queue.Empty:
                return
            answers[number] = client.send("POST", path, body, **headers)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def free_port() -> int:
    """Give a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def database() -> set[int]:
    """Give the processes of the PostgreSQL that DATABASE_URL names, none for SQLite."""
    folder = parse_qs(urlsplit(os.environ.get("DATABASE_URL", "")).query).get("host", [""])[0]
    file = Path(folder) / "data" / "postmaster.pid"
    return below(int(file.read_text().split()[0])) if folder and file.exists() else set()


def below(pid: int) -> set[int]:
    """Give a process and all below it."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, waiting = {pid}, [pid]
    while waiting:
        parent = waiting.pop()
        children = {child for child, of in parents.items() if of == parent}
        found |= children
        waiting += children
    return found


def cpu_of(pids: Iterable[int]) -> float:
    """Give the CPU seconds of processes, and of their children that have ended."""
    total = 0
    for pid in pids:
        try:
            parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(part) for part in parts[11:15])
    return total / TICK


def pss_of(pid: int) -> int:
    """Give the proportional set size of a process in bytes; 0 when it is gone."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")), 0)


def command(pid: int) -> str:
    """Give the command line of a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
