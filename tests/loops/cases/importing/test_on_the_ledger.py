"""What a source says of a case stands on the ledger: whoever changes it beside the ledger is found out."""

import json
from pathlib import Path
from typing import Any

import pytest

from cityloop.loops.cases.models import Case
from cityloop.loops.cases.rebuilding import all_differences
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import verify
from tests.loops.cases.importing.test_broken_files import case, take
from tests.loops.cases.smallville import Town

COLUMNS = {
    "columns": {
        "key": "id", "created": "opened", "closed": "closed", "due": "due", "status": "status", "address": "address",
    }
}  # fmt: skip
HEAD = "id,opened,closed,due,status,address,lon,lat,district\n"
IMPOSSIBLE = "A1,2018-10-20T10:00:00,2018-10-19T10:00:00,2018-10-25T10:00:00,Closed,12 Hill Road,10.05,50.07,West\n"
PLAIN = "A2,2018-10-20T10:00:00,,,Open,,10.05,50.07,West\n"
CHANGED: dict[str, Any] = {
    "marked": "", "source_status": "Open", "source_due": None, "address": "13 Hill Road", "address_salt": None,
}  # fmt: skip


@pytest.mark.parametrize("column", CHANGED)
def test_what_was_changed_beside_the_ledger_is_named(town: Town, tmp_path: Path, column: str) -> None:
    assert take(tmp_path, HEAD + IMPOSSIBLE + PLAIN, **COLUMNS).cases == 2
    assert (case("A1").marked, case("A1").source_status) == ("impossible_time", "Closed")
    assert list(all_differences()) == [] and list(verify()) == []
    assert not [row.data for row in Step.objects.all() if "Hill" in row.data + row.inner]
    Case.objects.filter(source_key="A1").update(**{column: CHANGED[column]})
    assert [(f.code, f.where) for f in all_differences()] == [("case.columns", case("A1").subject)]


def test_marks_and_addresses_added_to_what_had_none_are_named(town: Town, tmp_path: Path) -> None:
    take(tmp_path, HEAD + PLAIN, **COLUMNS)
    for column, value in (("marked", "zero_time"), ("address", "1 Hill Road"), ("source_due", 5)):
        before = getattr(case("A2"), column)
        Case.objects.filter(source_key="A2").update(**{column: value})
        assert [f.code for f in all_differences()] == ["case.columns"], column
        Case.objects.filter(source_key="A2").update(**{column: before})


def test_what_a_source_says_later_is_a_step_of_its_own(town: Town, tmp_path: Path) -> None:
    take(tmp_path, HEAD + PLAIN, **COLUMNS)
    take(tmp_path, HEAD + PLAIN.replace(",,,Open", ",,2018-10-29T10:00:00,Looked at"), **COLUMNS)
    assert case("A2").source_status == "Looked at" and list(all_differences()) == []
    assert Step.objects.get(kind="source").what == "says"
    for column in ("source_status", "marked"):
        before = getattr(case("A2"), column)
        Case.objects.filter(source_key="A2").update(**{column: "x"})
        assert [f.code for f in all_differences()] == ["case.columns"], column
        Case.objects.filter(source_key="A2").update(**{column: before})


def test_cases_imported_before_keep_verifying(town: Town, tmp_path: Path) -> None:
    """Their first step says nothing of marks: it is taken away here as if it had never stood there."""
    take(tmp_path, HEAD + IMPOSSIBLE, **COLUMNS)
    step = Step.objects.get(what="collect")
    kept = {k: v for k, v in json.loads(step.data).items() if k not in ("marked", "status", "address")}
    Step.objects.filter(pk=step.pk).update(data=json.dumps(kept))
    Case.objects.update(address_salt=None)
    assert list(all_differences()) == []
