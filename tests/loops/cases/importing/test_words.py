"""What was said comes with a file too: sealed, found, shown to those who see the case, and gone when it is erased."""

import csv
import io
from pathlib import Path

from django.db import connection

from cityloop.loops.cases import queries
from cityloop.loops.cases.history import timeline
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.queries import Wanted
from cityloop.loops.cases.search import tasks
from cityloop.loops.cases.search.queries import read
from cityloop.town.ledger.tasks import sequence_and_seal
from cityloop.town.orgs import authority
from cityloop.town.persons.actions import erase_words, keep_words
from cityloop.town.persons.models import Words
from tests.loops.cases.importing.test_broken_files import case, rejected, take
from tests.loops.cases.smallville import Town
from tests.town.staff import BY

COLUMNS = {"columns": {"key": "id", "created": "opened", "words": ["subject", "body"]}}
BODY = "小区门口的路灯坏了一个月，\n晚上出行很不安全。"


def table(*rows: tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([("id", "opened", "subject", "body", "lon", "lat", "district"), *rows])
    return text.getvalue()


def row(key: str, subject: str, body: str) -> tuple[str, ...]:
    return (key, "2018-10-20T10:00:00", subject, body, "10.05", "50.07", "West")


def said(found: Case) -> list[str]:
    return [text for moment in timeline(found, internal=True) for text in moment.words.values()]


def test_each_column_is_a_paragraph_and_the_ledger_holds_but_a_digest(town: Town, tmp_path: Path):
    content = table(row("A1", "路灯", BODY), row("A2", "", "  only the body\x00 "), row("A3", "", ""))
    assert take(tmp_path, content, **COLUMNS).cases == 3
    assert [said(case(key)) for key in ("A1", "A2", "A3")] == [[f"路灯\n\n{BODY}"], ["only the body"], []]
    assert Words.objects.count() == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_step")
        assert "路灯" not in str(cursor.fetchall())


def test_they_are_found_and_no_longer_when_erased(town: Town, tmp_path: Path):
    take(tmp_path, table(row("A1", "路灯", BODY)), **COLUMNS)
    scope = authority.scope(town.accounts["dispatcher"], town.at)

    def found() -> list[int]:
        sequence_and_seal()
        while tasks.follow():
            pass
        return [one.pk for one in queries.with_words(scope, Wanted(), read("出行"))]

    assert found() == [case("A1").pk]
    erase_words(subject=case("A1").subject, by=BY, at=town.at)
    assert found() == []
    assert said(case("A1")) == [""]


def test_what_comes_again_is_kept_once(town: Town, tmp_path: Path):
    content = table(row("A1", "lamp", "dark"), row("A1", "lamp", "dark"))
    take(tmp_path, content, **COLUMNS)
    assert take(tmp_path, content, **COLUMNS).unchanged == 2
    assert Words.objects.count() == 1
    assert keep_words("case:1", "2:note:words", "and on").id > Words.objects.get(field="1:collect:words").pk


def test_what_is_too_long_is_rejected_by_its_column(town: Town, tmp_path: Path):
    tally = take(tmp_path, table(row("A1", "x", "长" * 19_997), row("A2", "x", "长" * 19_998)), **COLUMNS)
    assert (tally.cases, tally.rejected) == (1, 1)
    assert [(one["row"], one["field"]) for one in rejected(tmp_path)] == [("2", "subject")]
