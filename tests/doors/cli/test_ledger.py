"""`cityloop ledger`, as it is typed."""

import json
from pathlib import Path

from cityloop.loops.cases import numbers
from cityloop.loops.cases.models import Case
from cityloop.town.ledger.models import Step
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


def test_a_receipt_without_a_key_is_held_against_the_ledger(db: None, tmp_path: Path) -> None:
    """Who kept a receipt finds out whether the city went back to an older copy."""
    found = Case.objects.get(pk=build(tmp_path).to("filed"))
    file, key = tmp_path / "receipt.json", tmp_path / "key.json"
    file.write_text(json.dumps(typed("ledger", "receipt", numbers.number(found))[1]))
    key.write_text(json.dumps(typed("ledger", "key")[1]))
    held = ("ledger", "verify", "--receipt", str(file))
    assert typed(*held) == (0, {"ok": True, "findings": []}) == typed(*held, "--key", str(key))
    Step.objects.filter(subject=found.subject, seq=2).delete()
    code, answer = typed(*held)
    assert (code, answer["findings"]) == (1, [{"where": "step 2", "message": "this ledger does not have it"}])
    assert typed(*held, "--key", str(key))[0] == 0  # it says what was signed, whatever became of the ledger
    assert typed("ledger", "verify", "--key", str(key))[1]["error"]["code"] == "ledger.receipt.key"
    for wrong in ("{}", "[]", "no", '{"promise": 1}'):
        file.write_text(wrong)
        assert typed(*held)[1]["error"]["code"] == "ledger.receipt.shape"
