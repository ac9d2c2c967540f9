"""A crowd at the door in the moment a city opens: each is answered, and no process ends over it.

What is read and prepared at a first question is met by all threads at once then, and never again.
"""

import http.client
import json
import os
import signal
import threading
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from cityloop.doors.cli.family import children
from tests.conftest import City, wait_ready
from tests.faults.house import House, house

CROWD = 6  # of each kind, all at once
JSON = {"Content-Type": "application/json"}
Asked = tuple[str, str, bytes, dict[str, str]]


@pytest.mark.xdist_group("faults")
def test_a_crowd_comes_at_once(tmp_path: Path, prove: bool) -> None:
    with house(tmp_path / "home") as made:
        for time in range(25 if prove else 2):
            made.kill()
            made.start()
            assert made.process is not None
            before = _family(made.process.pid)
            told = _at_once(made, [one for kind in _kinds(made, time) for one in kind])
            assert [one for one in told if not 200 <= one[0] < 500] == []
            assert _family(made.process.pid) >= before, made.log.read_text()[-2_000:]
        assert "unexpected" not in made.log.read_text()
        _break_a_worker(made)
        assert "Fatal Python error" in made.log.read_text(), "whoever keeps the city is told where it broke"


def _break_a_worker(made: House) -> None:
    """Break a web process below Python; another takes its place."""
    assert made.process is not None
    [web] = [one for one in children(made.process.pid) if b"granian" in Path(f"/proc/{one}/cmdline").read_bytes()]
    before = children(web)
    os.kill(min(before), signal.SIGSEGV)
    until = monotonic() + 30
    while len(children(web) - before) < 1 and monotonic() < until:
        sleep(0.1)
    wait_ready(City(f"http://127.0.0.1:{made.port}", made.home, made.process, made.env))


def _kinds(made: House, time: int) -> list[list[Asked]]:
    """List what is asked, each kind as often as the crowd is large."""
    key = {"Authorization": f"Bearer {made.keys['dispatcher']}"}
    looks = [
        "/", "/report", "/figures", "/open311/v2/requests.json", "/open311/v2/services.xml", "/feeds/city.atom",
        "/sta/v1.1/Things?$filter=name%20eq%20'x'", "/sta/v1.1/Datastreams?$expand=Observations($top=1)",
    ]  # fmt: skip
    known = ["/api/v1/cases?limit=5", "/api/v1/worklist", "/api/v1/components?box=10,50,10.1,50.1"]
    kinds: list[list[Asked]] = [[("GET", path, b"", {})] * CROWD for path in looks]
    kinds += [[("GET", path, b"", key)] * CROWD for path in known]
    return [*kinds, [_report(f"{time}-{number}") for number in range(CROWD)]]


def _report(name: str) -> Asked:
    body = {"words": f"A tree, {name}", "matter": "tree", "lon": 10.05, "lat": 50.07}
    return "POST", "/api/v1/reports", json.dumps(body).encode(), {**JSON, "Idempotency-Key": name}


def _at_once(made: House, asked: list[Asked]) -> list[tuple[int, str]]:
    """Ask all at the same moment; give each status with its address, 0 where nobody answered."""
    start, told = threading.Barrier(len(asked)), list[tuple[int, str]]()

    def ask(method: str, path: str, body: bytes, headers: dict[str, str]) -> None:
        link = http.client.HTTPConnection("127.0.0.1", made.port, timeout=60)
        start.wait()
        try:
            link.request(method, path, body or None, headers)
            told.append((link.getresponse().status, path))
        except (OSError, http.client.HTTPException):
            told.append((0, path))
        finally:
            link.close()

    threads: list[Any] = [threading.Thread(target=ask, args=one) for one in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def _family(pid: int) -> set[int]:
    """List the processes below one, their children included."""
    own = children(pid)
    return own.union(*(_family(one) for one in own))
