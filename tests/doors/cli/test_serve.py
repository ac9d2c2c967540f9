"""`cityloop serve` as a process group: starts quickly, mends itself, gives up when it must, stops cleanly."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from cityloop.doors.cli.serve import free
from tests.conftest import City, free_port, wait_ready

pytestmark = pytest.mark.once
mends = pytest.mark.xdist_group("the served city")  # one for all that leave it whole
FIVE_SECONDS = 5.0


def processes(of: int) -> dict[int, str]:
    """All processes below one, with their command lines."""
    below: dict[int, str] = {}
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    wanted = [of]
    while wanted:
        parent = wanted.pop()
        for pid in [p for p, of_ in parents.items() if of_ == parent]:
            with suppress(OSError):  # it may end while we look
                below[pid] = (Path("/proc") / str(pid) / "cmdline").read_text().replace("\0", " ")
                wanted.append(pid)
    return below


def gone(pids, seconds=FIVE_SECONDS):
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(Path(f"/proc/{p}").exists() for p in pids):
        time.sleep(0.05)
    return [p for p in pids if Path(f"/proc/{p}").exists()]


def steward_of(city):
    return next(p for p, words in processes(city.process.pid).items() if "steward" in words)


def granian_of(city):
    found = {p: w for p, w in processes(city.process.pid).items() if "granian" in w}
    return min(found)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_stops_everything_within_five_seconds(new_city, sign):
    city = new_city()
    below = processes(city.process.pid)
    assert len(below) >= 4  # the server and its two workers, the steward
    begun = time.monotonic()
    city.process.send_signal(sign)
    assert city.process.wait(FIVE_SECONDS) == 0
    assert gone(below) == []
    assert time.monotonic() - begun < FIVE_SECONDS


def test_one_process_group_ends_when_the_parent_is_killed(new_city):
    city = new_city()
    below = processes(city.process.pid)
    assert {os.getpgid(p) for p in below} == {os.getpgid(city.process.pid)}
    city.process.kill()
    city.process.wait()
    assert gone(below, 20) == []  # the server gives open connections a few seconds


def test_who_is_killed_lets_go_of_the_port_a_moment_later():
    with socket.socket() as dying, ThreadPoolExecutor(1) as other:
        dying.bind(("127.0.0.1", 0))
        dying.listen()
        host, port = dying.getsockname()
        starting = other.submit(free, host, port)
        assert wait([starting], timeout=0.5).not_done
        dying.close()
        assert starting.result(timeout=5) is None


@mends
def test_a_taken_port_is_refused(city_server):
    done = city_server.run("serve", "--port", city_server.url.rpartition(":")[2], "--json")
    assert done.returncode == 2
    assert '"serve.port"' in done.stdout


@mends
def test_a_dead_member_is_started_again(city_server):
    city = city_server
    old = steward_of(city)
    os.kill(old, signal.SIGKILL)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if any("steward" in w and p != old for p, w in processes(city.process.pid).items()):
            return
        time.sleep(0.1)
    pytest.fail("the steward was not started again")


@mends
def test_no_old_worker_goes_on_when_the_server_is_killed(city_server):
    city = city_server
    before = {p for p, words in processes(city.process.pid).items() if "granian" in words}
    os.kill(granian_of(city), signal.SIGKILL)
    assert gone(before) == []
    until = time.monotonic() + 60  # a busy machine takes its time
    while time.monotonic() < until:
        try:
            assert urlopen(f"{city.url}/healthz", timeout=2).status == 200
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the server was not started again")


def test_gives_up_when_a_member_dies_too_often(tmp_path):
    from cityloop.doors.cli import family

    said = []
    doomed = family.Member("doomed", [sys.executable, "-c", "raise SystemExit(3)"])
    code = f"""
import sys
from cityloop.doors.cli import family
m = family.Member("doomed", {doomed.command!r})
sys.exit(family.run([m], print))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "5 times within a minute" in done.stdout
    assert said == []


def test_goes_on_without_a_member_that_is_not_needed():
    from cityloop.doors.cli.family import LONGEST, MANY, Member

    bridge, now = Member("bridge", [], needed=False), 1_000.0
    for _death in range(MANY + 2):
        assert not bridge.died(now)
        assert now < bridge.start_at <= now + LONGEST
        now += 0.1
    assert bridge.start_at == pytest.approx(now - 0.1 + LONGEST)


def test_what_lies_in_the_current_folder_is_not_run(tmp_path):
    """A start in the folder of another version runs its own code, not that one's."""
    (tmp_path / "cityloop").mkdir()
    (tmp_path / "cityloop" / "__init__.py").write_text("raise SystemExit('another version')")
    port = free_port()
    command = [sys.executable, "-P", "-m", "cityloop.doors.cli.main", "serve", "--port", str(port), "--workers", "1"]
    env = {**os.environ, "CITYLOOP_HOME": str(tmp_path / "home"), "DATABASE_URL": ""}
    city = City(f"http://127.0.0.1:{port}", tmp_path, subprocess.Popen(command, env=env, cwd=tmp_path), env)
    try:
        wait_ready(city)
    finally:
        assert city.stop() == 0


def test_memory_of_the_empty_house(new_city):
    """Proportional set size of all processes of a house just opened, after some pages: at most 300 MiB."""
    city = new_city("serve")  # named, it finds its folder empty, and makes its tables itself
    for _ in range(20):
        with urlopen(f"{city.url}/readyz") as answer:
            answer.read()
    total = 0
    for pid in [city.process.pid, *processes(city.process.pid)]:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    assert total < 300 * 1024


def test_a_city_with_a_stream_runs_a_judge(monkeypatch):
    from cityloop.doors.cli import serve
    from cityloop.doors.cli.verb import Out

    found = []
    monkeypatch.setattr(serve, "run", lambda members, _say: found.append([one.name for one in members]) or 0)
    for servers in ("", "nats://one"):
        monkeypatch.setenv("CITYLOOP_STREAM", servers)
        assert serve.start(Out(True), host="127.0.0.1", port=1, workers=1) == 0
    assert found == [["web", "steward"], ["web", "steward", "judge"]]
