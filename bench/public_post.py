"""The public sends reports, sixteen at once: the web form and the JSON door, how long and at what CPU.

The city is served by the real `cityloop serve` with two workers. Requests come from the load generator beside the
shared data (`../tools/load.py`) where it is there, else from threads here. Likely duplicates are looked for as ever;
places are random, so that few are found. Of some blocks the best one is told: others work on this machine.
"""

import http.client
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.city import open_city
from bench.house import Client, House, served

CLIENTS, REQUESTS, BLOCKS = 16, 400, 6
P99, CPU = 100, 5
GOOD = (200, 201, 303)  # some are asked whether it is one already known; a form sent is answered by a page of its own
FIELD = re.compile(r"\{\{(uuid|(randint|uniform):([\d.]+):([\d.]+))\}\}")
BEHIND = {"X-Forwarded-For": "10.1.{{randint:0:255}}.{{randint:0:255}}"}  # many residents: one alone is held back
LON, LAT = "{{uniform:10.001:10.199}}", "{{uniform:50.001:50.099}}"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as a template of the load generator's."""

    name: str
    path: str
    kind: str
    body: str
    headers: dict[str, str]


def run() -> list[dict[str, Any]]:
    """Measure."""
    with open_city() as database, tempfile.TemporaryDirectory() as folder:
        from tests.loops.cases.smallville import make

        make(Path(folder))
        os.environ["CITYLOOP_PROXIES"] = "1"
        with served() as house:
            asked = (by_program(), by_form(house))
            return [figure for sent in asked for figure in _measured(house, sent, database)]


def by_program() -> Sent:
    """Give a report as programs send it."""
    told = {"words": "A tree fell across the road", "matter": "tree", "address": "Long Road 1"}
    body = f'{json.dumps(told)[:-1]}, "lon": {LON}, "lat": {LAT}}}'
    headers = {"Idempotency-Key": "{{uuid}}", **BEHIND}
    return Sent("a report through the JSON door", "/api/v1/reports", "application/json", body, headers)


def by_form(house: House) -> Sent:
    """Give a report as the web form sends it, with its token against forged forms."""
    client = http.client.HTTPConnection("127.0.0.1", house.port)
    client.request("GET", "/report/token")
    answer = client.getresponse()
    token = json.loads(answer.read())["token"]
    cookie = str(answer.headers["Set-Cookie"]).partition(";")[0]
    told = {"words": "A tree fell across the road", "matter": "tree", "do": "send", "csrfmiddlewaretoken": token}
    body = f"{urlencode(told)}&lon={LON}&lat={LAT}&key={{{{uuid}}}}"
    return Sent(
        "a report through the web form",
        "/report",
        "application/x-www-form-urlencoded",
        body,
        {"Cookie": cookie, **BEHIND},
    )


def _measured(house: House, sent: Sent, database: str) -> Iterator[dict[str, Any]]:
    send = by_generator if generator().is_file() else by_threads
    send(house, sent, 100)  # warm
    blocks = [_block(house, sent, send) for _ in range(BLOCKS)]
    name = f"{sent.name}, {CLIENTS} clients, {database}"
    p99, cpu = min(block[0] for block in blocks), min(block[1] for block in blocks)
    steward = min(block[2] for block in blocks)
    bound = sent.path.startswith("/api/")  # the goals are the JSON door's; the form draws a page, and is told beside
    yield _row(f"{name}: p99", p99, "ms", P99 if bound else 0)
    yield _row(f"{name}: application + database", cpu, "CPU ms", CPU if bound else 0)
    yield _row(f"{name}: the steward meanwhile", steward, "CPU ms", 0)


def _block(house: House, sent: Sent, send: Any) -> tuple[float, float, float]:
    before = house.cpu()
    p99 = send(house, sent, REQUESTS)
    spent = {part: (value - before[part]) * 1000 / REQUESTS for part, value in house.cpu().items()}
    return p99, spent["web"] + spent["database"], spent["steward"]


def generator() -> Path:
    """Give the place of the load generator."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("CITYLOOP_SHARED_DATA") or default).parent / "tools" / "load.py"


def by_generator(house: House, sent: Sent, count: int) -> float:
    """Send by the load generator; give the 99th percentile in ms."""
    command = [
        sys.executable, str(generator()), "--url", f"http://127.0.0.1:{house.port}{sent.path}", "--method", "POST",
        "--content-type", sent.kind, "--body", sent.body, "-c", str(CLIENTS), "--requests", str(count),
        "--duration", "120", "--warmup", "0", "--expect", ",".join(map(str, GOOD)),
        *(word for name, value in sent.headers.items() for word in ("-H", f"{name}: {value}")),
    ]  # fmt: skip
    said = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return float(said["p99_ms"]["min"])


def by_threads(house: House, sent: Sent, count: int) -> float:
    """Send from as many threads as there are clients; give the 99th percentile in ms."""
    times: list[float] = []

    def work() -> None:
        client = Client(house.port).connection
        for _n in range(count // CLIENTS):
            headers = {"Content-Type": sent.kind, "Accept": "application/json"}
            headers |= {name: filled(value) for name, value in sent.headers.items()}
            started = time.perf_counter()
            client.request("POST", sent.path, filled(sent.body), headers)
            answer = client.getresponse()
            answer.read()
            times.append((time.perf_counter() - started) * 1000 if answer.status in GOOD else float("inf"))

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(times)[int(len(times) * 0.99)]


def filled(template: str) -> str:
    """Fill the fields of a template."""
    return FIELD.sub(_drawn, template)


def _drawn(field: re.Match[str]) -> str:
    if field[1] == "uuid":
        return str(uuid.uuid4())
    if field[2] == "randint":
        return str(random.randint(int(field[3]), int(field[4])))
    return f"{random.uniform(float(field[3]), float(field[4])):.6f}"


def _row(name: str, value: float, unit: str, goal: float) -> dict[str, Any]:
    told = f"≤ {goal}" if goal else ""
    return {"name": name, "value": round(value, 2), "unit": unit, "goal": told, "holds": not goal or value <= goal}


if __name__ == "__main__":
    print(json.dumps(run(), indent=1, ensure_ascii=False))
