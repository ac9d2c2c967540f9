"""A thousand live screens: how soon an accepted step stands on each, and whether memory stays flat while steps go on.

The real `cityloop serve` with two workers; the screens are plain sockets, each signed in, on the same machine (their
own cost is in the figure). Steps are taken through the JSON door, one after another; the lag runs from the answer to
the step until the last byte of its event was read by a screen.
"""

import asyncio
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.city import open_city
from bench.house import post_all, served
from bench.interactive import keys_of

SCREENS = 1_000
STEPS = 40
SOAK = 600 if os.environ.get("CITYLOOP_PROVE") else 30
APART = 5  # seconds between steps of the soak
GROWTH = 1.1


def run() -> list[dict[str, Any]]:
    """Measure."""
    with open_city() as database, tempfile.TemporaryDirectory() as folder:
        from tests.loops.cases.smallville import make

        town = make(Path(folder))
        cookies, keys = _cookies(town), keys_of(town)
        with served() as house:
            lags, memory = asyncio.run(_watch(house, cookies, keys["shift"]))
    lags.sort()
    name = f"{SCREENS:,} live screens, {database}"
    p95 = lags[int(len(lags) * 0.95)] if lags else float("inf")
    wanted, flat = SCREENS * (STEPS + SOAK // APART), max(memory[1:]) / memory[0]
    return [
        _row(f"{name}: events that came, of {wanted:,}", len(lags), "", f"{wanted:,}", len(lags) == wanted),
        _row(f"{name}: from the step to the screen, p95", p95, "s", "≤ 1", p95 <= 1),
        _row(f"{name}: from the step to the screen, middle", lags[len(lags) // 2] if lags else 0, "s", "", True),
        _row(f"{name}: memory over {SOAK} s, the most against before", flat, "×", f"≤ {GROWTH}", flat <= GROWTH),
    ]


def _row(name: str, value: float, unit: str, goal: str, holds: bool) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "holds": bool(holds)}


def _cookies(town: Any) -> list[str]:
    """Sign in everybody who sees the whole city; the screens share these sessions."""
    from django.conf import settings
    from django.test import Client

    found = []
    for who in ("shift", "dispatcher", "intake", "commander"):
        browser = Client()
        browser.force_login(town.accounts[who])
        found.append(f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}")
    return found


class Screens:
    """Open streams, and when each step was read by each of them."""

    def __init__(self) -> None:
        self.read: list[tuple[str, int, float]] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.ready = 0

    async def open(self, port: int, cookie: str) -> None:
        """Open one stream and read it until it is cancelled."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /live HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode())
        try:
            while line := await reader.readline():
                if line.startswith(b": here"):
                    self.ready += 1
                elif line.startswith(b"data: {"):
                    facts = json.loads(line[6:])
                    self.read.append((facts["number"], facts["seq"], time.perf_counter()))
        finally:
            writer.close()


async def _watch(house: Any, cookies: list[str], key: str) -> tuple[list[float], list[float]]:
    screens = Screens()
    for n in range(SCREENS):
        screens.tasks.append(asyncio.create_task(screens.open(house.port, cookies[n % len(cookies)])))
        if n % 50 == 49:
            await asyncio.sleep(0.1)
    while screens.ready < SCREENS:
        await asyncio.sleep(0.1)
    taken: dict[tuple[str, int], float] = {}
    for n in range(STEPS):
        await _step(house.port, n, taken)
        await asyncio.sleep(0.2)
    await asyncio.sleep(3)
    memory, begun = [house.pss()], time.perf_counter()
    for n in range(1, SOAK // APART + 1):
        await _step(house.port, STEPS + n, taken)
        await asyncio.sleep(max(0.0, begun + n * APART - time.perf_counter()))
        memory.append(house.pss())
    await asyncio.sleep(3)
    for task in screens.tasks:
        task.cancel()
    await asyncio.gather(*screens.tasks, return_exceptions=True)
    return [at - taken[number, seq] for number, seq, at in screens.read if (number, seq) in taken], memory


async def _step(port: int, n: int, taken: dict[tuple[str, int], float]) -> None:
    """Take a step, and note when its answer came."""
    status, body = await asyncio.to_thread(_report, port, n)
    if status != 201:
        raise RuntimeError(body)
    taken[json.loads(body)["number"], 1] = time.perf_counter()


def _report(port: int, n: int) -> tuple[int, bytes]:
    body = {"words": f"A tree fell, number {n}", "matter": "tree", "lon": 10.05, "lat": 50.07}
    return post_all(port, iter([("/api/v1/reports", body, {"Idempotency_Key": f"{time.time_ns()}"})]))[0]
