"""The disk is full: a clear answer, nothing half written, and all goes on once there is room."""

import json
from pathlib import Path

import pytest

from tests.faults.house import built

pytestmark = pytest.mark.once

FILL = """
import json, resource
from django.db import connection
from django.test import Client
from cityloop.loops.cases.models import Case, Report
from cityloop.town.ledger.models import Step
from cityloop.town.worklist.models import Row

client = Client(raise_request_exception=False, SERVER_NAME="localhost")

def report(n):
    body = {"words": "A tree " * 300, "matter": "tree", "lon": 10.05, "lat": 50.07}
    answer = client.post("/api/v1/reports", body, content_type="application/json", headers={"Idempotency-Key": f"k{n}"})
    return answer.status_code, answer.json()

resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, resource.RLIM_INFINITY))
done = []
for n in range(2000):
    status, said = report(n)
    if status != 201:
        break
    done.append(said["number"])
refused = [status, said, n]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
counts = [m.objects.count() for m in (Case, Report, Row)] + [Step.objects.filter(kind="case").count()]
again = report(n)
print(json.dumps({"done": done, "refused": refused, "counts": counts, "again": again[0]}))
"""


def test_sqlite_on_a_full_disk(tmp_path: Path) -> None:
    with built(tmp_path / "home") as city:
        said = json.loads(city.python(FILL))
        status, problem, _ = said["refused"]
        assert status == 503 and problem["code"] == "api.storage" and "again" in problem["detail"]
        assert set(said["counts"]) == {len(said["done"])}
        assert said["again"] == 201
        assert city.verify() == []
