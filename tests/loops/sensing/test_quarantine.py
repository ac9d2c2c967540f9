"""What was not believed can be read again: whole, with why, the newest first."""

from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.doors.cli.main import cityloop
from cityloop.loops.sensing import instruments
from cityloop.loops.sensing.models import Datastream, Quarantined
from tests.doors.cli.typed import typed
from tests.loops.sensing.instruments import AT, HOUR, bring, set_up

pytestmark = pytest.mark.usefixtures("town")


@pytest.fixture
def held(town: Any) -> int:
    set_up()
    pk = int(Datastream.objects.get().pk)
    bring((pk, AT, 9_000.0), (pk, AT + HOUR, "x" * 300), now=AT + HOUR)
    bring((999, AT, 1.0), (pk, "noon", 2.0), now=AT + 2 * HOUR)
    return pk


def listed(*words: str) -> list[Any]:
    code, rows = typed("sensing", "quarantine", *words)
    assert code == 0
    return list(rows)


def test_it_is_listed_whole_the_newest_first(held: int) -> None:
    rows = listed()
    assert sorted(one["id"] for one in rows) == sorted(Quarantined.objects.values_list("id", flat=True))
    assert [one["id"] for one in rows] == sorted((one["id"] for one in rows), reverse=True)
    assert {(one["reason"], one["datastream"], one["time"]) for one in rows} == {
        ("range", held, "2026-01-01T00:00:00Z"), ("type", held, "2026-01-01T01:00:00Z"),
        ("datastream", 999, "2026-01-01T00:00:00Z"), ("time", held, None),
    }  # fmt: skip
    long = next(one for one in rows if one["reason"] == "type")
    assert "x" * 300 in long["said"] and (long["source"], long["received"]) == ("test", "2026-01-01T01:00:00Z")


def test_of_one_reason_or_datastream_and_on_from_where_a_list_ended(held: int) -> None:
    assert [one["reason"] for one in listed("--reason", "range")] == ["range"]
    assert [one["datastream"] for one in listed("--datastream", "999")] == [999]
    assert listed("--datastream", "999", "--reason", "range") == []
    rows = listed()
    first = listed("--limit", "3")
    assert first == rows[:3] and listed("--before", str(first[-1]["id"])) == rows[3:]


def test_a_person_reads_a_line_of_each(held: int) -> None:
    said = CliRunner().invoke(cityloop, ["sensing", "quarantine"]).output.splitlines()
    assert len(said) == 4 and all(len(line) < 220 for line in said) and "None" not in "".join(said)
    said = CliRunner().invoke(cityloop, ["sensing", "quarantine", "--reason", "unit"]).output.splitlines()
    assert said == ["Nothing of the kind is in the quarantine."]


def test_the_last_days_are_counted_without_reading_all_that_ever_came(held: int) -> None:
    with CaptureQueriesContext(connection) as asked:
        found = instruments.doubted(AT + 2 * HOUR)
    assert sum(number for _pk, _reason, number in found) == 4
    (sql,) = [one["sql"] for one in asked if "sensing_quarantined" in one["sql"]]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # of so few it would read all
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(("EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN ") + sql)
        assert "sensing_quarantine_received" in str(cursor.fetchall())
