"""`cityloop ledger`, as it is typed."""

from pathlib import Path

from cityloop.loops.cases import numbers
from cityloop.loops.cases.models import Case
from tests.doors.cli.typed import typed
from tests.loops.cases.smallville import build


def test_a_receipt_is_given_for_a_whole_number_alone(db: None, tmp_path: Path) -> None:
    found = Case.objects.get(pk=build(tmp_path).to("collected"))
    number = numbers.number(found)
    prefix, year, digits = number.split("-")
    code, receipt = typed("ledger", "receipt", number.lower())
    assert (code, receipt["number"]) == (0, number)
    for other in (f"{prefix}-{int(year) - 1}-{digits}", f"NYC-{year}-{digits}", f"{prefix}-{year}-999999"):
        code, answer = typed("ledger", "receipt", other)
        assert (code, answer["error"]["code"], answer["error"]["field"]) == (2, "cases.unknown", "number")
    assert typed("ledger", "receipt", digits)[1]["error"]["code"] == "cases.number"
