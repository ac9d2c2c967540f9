"""The whole demo as a newcomer meets it: seconds from the typed command to the first page, and its memory.

A fresh home, so the demo city is made on the way. Memory is the proportional set size of all its processes, taken
after the pages and the day have run for a while.
"""

import json
import os
import tempfile
import time
from typing import Any

from bench.house import Client, served, wait_ready

WHILE = 30.0
PAGES = ("/", "/report", "/map", "/desk/sign-in")


def run() -> list[dict[str, Any]]:
    """Measure."""
    os.environ.pop("DATABASE_URL", None)
    with tempfile.TemporaryDirectory(prefix="cityloop-bench-") as home:
        os.environ["CITYLOOP_HOME"] = home
        with served("demo") as house:
            first = wait_ready(house, "/")
            client, until, most = Client(house.port), time.monotonic() + WHILE, 0
            while time.monotonic() < until:
                for page in PAGES:
                    client.send("GET", page)
                most = max(most, house.pss())
                time.sleep(1)
    megabytes = most / 1e6
    return [
        _row("demo: from the typed command to the first page", first, "s", "< 20", first < 20),
        _row("demo: memory of all processes (PSS)", megabytes, "MB", "< 500", megabytes < 500),
    ]


def _row(name: str, value: float, unit: str, goal: str, holds: bool) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "holds": holds}


if __name__ == "__main__":
    print(json.dumps(run(), indent=1, ensure_ascii=False))
