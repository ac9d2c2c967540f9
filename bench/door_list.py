"""Reading through the JSON door: what a department's list and a map cost the application and the database.

The server is the real `cityloop serve` with two workers; CPU of the web processes and of all PostgreSQL processes is
read from /proc, as in `interactive`. The city holds twenty thousand cases, about five thousand of them open.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.city import open_city
from bench.house import Client, House, served
from bench.interactive import fill, keys_of, templates

CASES = 20_000
LISTS, MAPS, OTHERS = 400, 150, 300
# Name → (path, who asks, how often, the goal in CPU ms on PostgreSQL, 0 for none).
ASKED: dict[str, tuple[str, str, int, float]] = {
    "a department's list of 50 by state and area": (
        "/api/v1/cases?state=handling&unit=100101&limit=50", "parks", LISTS, 10,
    ),
    "the list of 50 open cases": ("/api/v1/cases?open=true&limit=50", "shift", LISTS, 0),
    "a department's worklist of 50": ("/api/v1/worklist?limit=50", "parks", OTHERS, 0),
    "the map of 4,000 cases, nothing changed": ("/api/v1/map?unit=100101&limit=4000", "shift", MAPS, 8),
    "the map of 4,000 cases, drawn anew": ("/api/v1/map?unit=100101&limit={fewer}", "shift", MAPS, 0),
    "a department's map of 4,000 cases, drawn anew": ("/api/v1/map?unit=100101&limit={fewer}", "parks", MAPS, 0),
    "one case": ("/api/v1/cases/{number}", "parks", OTHERS, 0),
    "what may be done with a case": ("/api/v1/cases/{number}/actions", "parks", OTHERS, 0),
}  # fmt: skip


def run() -> list[dict[str, Any]]:
    """Measure."""
    with open_city() as database, tempfile.TemporaryDirectory() as folder:
        from tests.loops.cases.smallville import make

        town = make(Path(folder))
        templates(town)
        number = _number(town.to("handling"))
        fill(CASES)
        keys = keys_of(town)
        with served() as house:
            return [figure for name in ASKED for figure in _measured(house, name, keys, number, database)]


def _number(case: int) -> str:
    from cityloop.loops.cases.models import Case
    from cityloop.loops.cases.numbers import number

    return number(Case.objects.get(pk=case))


def _measured(house: House, name: str, keys: dict[str, str], number: str, database: str) -> Iterator[dict[str, Any]]:
    path, who, count, goal = ASKED[name]
    client, authorization = Client(house.port), f"Bearer {keys[who]}"
    size = _size(client, path.format(number=number, fewer=4000), authorization)
    for n in range(20):
        client.send("GET", path.format(number=number, fewer=4000 - n), Authorization=authorization)
    before = house.cpu()
    for n in range(count):  # another question each time, so that no answer kept can serve
        asked = path.format(number=number, fewer=4000 - n % 20)
        status, _body = client.send("GET", asked, Authorization=authorization)
        assert status == 200
    after = house.cpu()
    each = {part: (after[part] - before[part]) * 1000 / count for part in ("web", "database")}
    whole = sum(each.values())
    bound = goal if database == "PostgreSQL" else 0
    label = f"{name}, {database}"
    yield _row(f"{label}: in all", whole, f"≤ {bound:g}" if bound else "", not bound or whole <= bound)
    yield _row(f"{label}: of these the database", each["database"], "", True)
    yield {**_row(f"{label}: rows answered", size, "", True), "unit": ""}


def _size(client: Client, path: str, authorization: str) -> int:
    _status, body = client.send("GET", path, Authorization=authorization)
    said = json.loads(body)
    return len(said.get("items") or said.get("features") or said.get("offers") or [said])


def _row(name: str, value: float, goal: str, holds: bool) -> dict[str, Any]:
    return {"name": name, "value": round(value, 2), "unit": "CPU ms", "goal": goal, "holds": holds}


if __name__ == "__main__":
    print(json.dumps(run(), indent=1, ensure_ascii=False))
