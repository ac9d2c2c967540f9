"""Rows by keys: what is found, and that no belief of the planner makes it read a table for each key."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.loops.sensing.actions import arriving, writing
from cityloop.loops.sensing.models import Observation
from cityloop.town.columns import real_now
from cityloop.town.ledger import actions as ledger
from cityloop.town.ledger.models import Step
from cityloop.town.tabular.keyed import rows_of, sums_of
from tests.town.staff import BY

pytestmark = pytest.mark.django_db
LEDGER = "ledger_step"


def steps(count: int) -> list[int]:
    for number in range(count):
        ledger.record(subject=f"thing:{number}", kind="test", what="added", by=BY, at=real_now(), data={})
    return list(Step.objects.filter(kind="test").order_by("pk").values_list("pk", flat=True))


def test_rows_are_found_by_their_keys() -> None:
    ids = steps(3)

    def ask(keys: Any, order: str = "") -> list[Any]:
        return rows_of(LEDGER, ("pk", "n"), keys, give="o.id, k.n", where="o.id = k.pk AND o.seq >= k.n", order=order)

    assert ask([]) == []
    assert ask([(ids[2], 1), (ids[0], 0), (ids[1], 2)], "o.id") == [(ids[0], 0), (ids[2], 1)]
    assert ask([(ids[0], 1), (ids[0], 1)]) == [(ids[0], 1)] * 2


def test_what_rows_come_to_is_told_for_each_key() -> None:
    ids = steps(3)

    def ask(keys: Any) -> list[Any]:
        return sums_of(LEDGER, ("a", "b"), keys, give="k.a", what="count(*)", where="o.id BETWEEN k.a AND k.b")

    assert ask([]) == []
    assert ask([(ids[0], ids[2]), (ids[1], ids[2]), (-2, -1)]) == [(ids[0], 3), (ids[1], 2), (-2, 0)]


def plans(work: Callable[[], Any]) -> str:
    """Give the plans of what is asked meanwhile, by a planner that believes every table to have a single row."""
    explain = "EXPLAIN QUERY PLAN "
    with CaptureQueriesContext(connection) as asked:
        work()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            explain = "EXPLAIN "
            cursor.execute("UPDATE pg_class SET reltuples = 0 WHERE relname ~ '^(ledger|sensing)_'")
        found: list[Any] = []
        for sql in (one["sql"] for one in asked if one["sql"].startswith(("SELECT", "UPDATE"))):
            cursor.cursor.execute(explain + sql)
            found += cursor.cursor.fetchall()
    return "\n".join(map(str, found))


def test_each_key_goes_through_an_index_whatever_is_believed() -> None:
    steps(300)
    plan = plans(ledger.sequence)
    assert (
        "Tid Scan" in plan and "ledger_step_pkey" not in plan
    ) or "SEARCH ledger_step USING INTEGER PRIMARY KEY" in plan
    assert "Seq Scan on ledger_step" not in plan and "SCAN ledger_step'" not in plan
    plan = plans(lambda: writing.there([(n, n, 0) for n in range(300)]))
    assert "datastream_id = k.d" in plan or "SEARCH o USING PRIMARY KEY (datastream_id=?" in plan, plan
    said = [Observation(datastream_id=n % 300, time=n // 300, lasts=0, result=n) for n in range(3_000)]
    Observation.objects.bulk_create(said)
    assert arriving.swings([(7, 2, 5), (8, 0, 0), (9, 50, 60)]) == {7: 900.0, 8: 0.0}
    for ask in (arriving.swings, arriving.between):
        plan = plans(lambda ask=ask: ask([(n, 0, 10) for n in range(300)]))
        assert "Seq Scan on sensing_observation" not in plan, plan
        assert "datastream_id = k.d" in plan or "SEARCH o USING PRIMARY KEY (datastream_id=?" in plan, plan
