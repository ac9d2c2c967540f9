"""Writing many rows: all values as given, in their order, and all or none."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from cityloop.town.ledger.actions import append
from cityloop.town.ledger.chain import COLUMNS, Row
from cityloop.town.ledger.models import Step
from cityloop.town.tabular import writing


def row(number: int, **different: Any) -> Row:
    given: dict[str, Any] = {
        "subject": f"thing:{number}", "seq": 1, "kind": "thing", "origin": "live", "v": 1, "actor": "person",
        "role": "", "name": "a\tb\\c\nd", "org": 2**40, "what": "did", "before": "", "after": "汀", "at": number,
        "recorded_at": 5, "due": None if number % 3 else number, "data": "{}", "inner": "{}", "salt": bytes(16),
        "prev": b"\0\xff\\" * 8,
        "hash": bytes([number % 256]) * 32, "offset": number,
    }  # fmt: skip
    return Row(**{**given, **different})


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 500, 501, 546, 1000])
def test_rows_are_written_as_given_and_in_order(count: int) -> None:
    rows = [row(number) for number in range(count)]
    writing.write("ledger_step", COLUMNS, [tuple(getattr(one, name) for name in COLUMNS) for one in rows])
    found = [
        Row(**{name: bytes(value) if isinstance(value, memoryview) else value for name, value in values.items()})
        for values in Step.objects.order_by("id").values(*COLUMNS)
    ]
    assert found == rows


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at", [0, 300, 599])
def test_a_row_that_may_not_be_takes_all_of_them_along(at: int) -> None:
    append([row(1000)])
    rows = [row(number) for number in range(600)]
    rows[at].subject = "thing:1000"
    with pytest.raises(IntegrityError), transaction.atomic():
        append(rows)
    assert Step.objects.count() == 1


@pytest.mark.django_db
def test_nothing_truth_and_bytes_reach_the_database_as_what_they_are() -> None:
    blobs = [b"", b"abc", memoryview(b"xyz")]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT %s IS NULL, typeof(%s), %s, typeof(%s), %s, %s", [None, True, False, *blobs])
            assert cursor.fetchone() == (1, "integer", 0, "blob", b"abc", b"xyz")
        else:
            cursor.execute(
                "SELECT %s::text IS NULL, %s, %s, %s::bytea, %s::bytea, %s::bytea", [None, True, False, *blobs]
            )
            assert cursor.fetchone() == (True, True, False, b"", b"abc", b"xyz")


@pytest.mark.django_db(transaction=True)
def test_bulk_waits_for_the_disk_at_its_end_and_not_at_each_commit() -> None:
    asked, quick, ever, behind = {
        "sqlite": ("PRAGMA synchronous", 1, 2, "SELECT 0"),
        "postgresql": (
            "SHOW synchronous_commit", "off", "on",
            "SELECT greatest(0, pg_wal_lsn_diff(%s, pg_current_wal_flush_lsn()))",
        ),
    }[connection.vendor]  # fmt: skip

    def ask(question: str, *values: object) -> object:
        with connection.cursor() as cursor:
            cursor.execute(question, values or None)
            return cursor.fetchone()[0]

    with writing.bulk():
        assert ask(asked) == quick
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE noted (id int)")
        writing.write("noted", ["id"], [(1,)])
        at = [ask("SELECT pg_current_wal_insert_lsn()")] if connection.vendor == "postgresql" else []
    assert ask(asked) == ever
    assert ask(behind, *at) == 0  # what was written is on the disk
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE noted")
