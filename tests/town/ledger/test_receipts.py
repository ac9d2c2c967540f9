"""Receipts are checked without the database, by Python and by a second implementation in JavaScript."""

import copy
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cityloop.ground.loop.actor import Actor
from cityloop.town.ledger import keys
from cityloop.town.ledger.actions import record, sequence
from cityloop.town.ledger.check import check_promise, check_receipt, read_public
from cityloop.town.ledger.models import Seal, Sequencer, Step
from cityloop.town.ledger.queries import published, row_of, unsealed, verify
from cityloop.town.ledger.receipts import astray, promise, receipt
from cityloop.town.ledger.sealing import seal_all

BY = Actor("person", "clerk", 7, 8, 9)
VERIFIER = Path(__file__).resolve().parents[3] / "docs" / "verifier" / "verify.mjs"


@pytest.fixture
def given(db: None) -> dict[str, Any]:
    for n in range(5):
        record(subject="case:1", kind="case", what=f"step_{n}", by=BY, at=n, data={"words": "雨 \n\u0007 é"})
        record(subject="case:2", kind="case", what="other", by=BY, at=n, data={})
        sequence()
        if n in (1, 3):
            seal_all()
    return receipt("case:1", "SV-2018-000001")


def node(folder: Path, given: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    program = Path(__file__).resolve().parents[3] / ".venv" / "bin" / "node"
    found = str(program) if program.exists() else shutil.which("node")
    assert found, "Node is needed: make setup brings it"
    (folder / "receipt.json").write_text(json.dumps(given, ensure_ascii=False))
    (folder / "key.json").write_text(json.dumps(published()))
    command = [found, str(VERIFIER), str(folder / "receipt.json"), str(folder / "key.json")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_receipt_holds_for_both_verifiers(given: dict[str, Any], tmp_path: Path) -> None:
    assert list(check_receipt(given, keys.public_bytes())) == []
    done = node(tmp_path, given)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 steps" in done.stdout and given["unsealed"] == 1


def test_a_receipt_costs_two_questions_and_two_for_each_seal(given: dict[str, Any], django_assert_num_queries) -> None:
    assert len(given["seals"]) == 2
    with django_assert_num_queries(7):  # the last step waits for its seal
        receipt("case:1", "SV-2018-000001")
    for n in range(20):
        record(subject="case:1", kind="case", what="more", by=BY, at=10 + n, data={})
    sequence()
    seal_all()
    with django_assert_num_queries(8):
        longer = receipt("case:1", "SV-2018-000001")
    assert len(longer["steps"]) == 25 and list(check_receipt(longer, keys.public_bytes())) == []


def _damage(kind: str, good: dict[str, Any]) -> dict[str, Any]:
    bad = copy.deepcopy(good)
    step = bad["steps"][1]
    if kind == "body":
        step["body"] = step["body"].replace("step_1", "step_9")
    elif kind == "proof":
        step["proof"][0] = "00" * 32
    elif kind == "index":
        step["index"] = 0
    elif kind == "root":
        bad["seals"][0]["statement"]["root"] = "11" * 32
    elif kind == "signature":
        bad["seals"][0]["signature"] = bad["seals"][1]["signature"]
    elif kind == "dropped":
        del bad["steps"][1]
    elif kind == "swapped":
        bad["steps"][0], bad["steps"][1] = bad["steps"][1], bad["steps"][0]
    elif kind == "subject":
        bad["subject"] = "case:2"
    elif kind == "empty":
        bad["steps"] = []
    elif kind == "cut":
        del bad["steps"][-1]
    elif kind == "number":
        bad["number"] = "SV-2018-000002"
    elif kind == "issued":
        del bad["issued"]
    elif kind == "claimed":
        del bad["steps"][-1]
        bad["issued"]["statement"]["steps"] -= 1
    return bad


KINDS = [
    "body",
    "proof",
    "index",
    "root",
    "signature",
    "dropped",
    "swapped",
    "subject",
    "empty",
    "cut",
    "number",
    "issued",
    "claimed",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_receipt_is_found_out_by_both(given: dict[str, Any], tmp_path: Path, kind: str) -> None:
    bad = _damage(kind, given)
    assert list(check_receipt(bad, keys.public_bytes()))
    assert node(tmp_path, bad).returncode == 1


def test_another_citys_key_does_not_do(given: dict[str, Any]) -> None:
    assert list(check_receipt(given, b"k" * 32))


def test_keys_are_read_as_published(given: dict[str, Any]) -> None:
    assert read_public(json.dumps(published())) == keys.public_bytes()
    with pytest.raises(ValueError, match="32 bytes"):
        read_public("aGVsbG8=")


def test_a_receipt_names_nobody(given: dict[str, Any]) -> None:
    text = json.dumps(given)
    assert '"person"' not in text and '"post"' not in text


def roll_back_and_go_on() -> None:
    """Take the ledger back to its first seal, as an older copy of the database would, and let it seal other steps."""
    Seal.objects.filter(number__gt=0).delete()
    Step.objects.filter(offset__gte=Seal.objects.get().size).delete()
    Sequencer.objects.update(next_offset=Seal.objects.get().size)
    record(subject="case:1", kind="case", what="other", by=BY, at=9, data={})
    sequence()
    seal_all()
    assert list(verify()) == []


def test_a_ledger_rolled_back_is_found_out_by_who_kept_a_receipt(given: dict[str, Any], tmp_path: Path) -> None:
    assert list(astray(given)) == []
    assert list(check_receipt(given, keys.public_bytes(), published()["seals"])) == []
    roll_back_and_go_on()
    said = dict(astray(given))
    assert said["seal 1"] == "this ledger has another" and said["step 4"] == "this ledger does not have it"
    assert "step 1" not in said and "seal 0" not in said
    another = ("seal 1", "the city publishes another one under this number now")
    assert list(check_receipt(given, keys.public_bytes(), published()["seals"])) == [another]
    done = node(tmp_path, given)
    assert done.returncode == 1 and ": ".join(another) in done.stdout


def test_a_promise_holds_for_both_verifiers_until_it_is_changed(given: dict[str, Any], tmp_path: Path) -> None:
    good = promise(row_of(Step.objects.get(subject="case:1", seq=1)), "SV-2018-000001")
    assert list(check_promise(good, keys.public_bytes())) == [] == list(astray(good))
    assert node(tmp_path, good).returncode == 0
    bad = {**good, "promise": {**good["promise"], "number": "SV-2018-000002"}}
    assert list(check_promise(bad, keys.public_bytes())) and node(tmp_path, bad).returncode == 1
    Step.objects.filter(subject="case:1", seq=1).update(hash=b"another")
    assert list(astray(good)) == [("step 1", "this ledger has another")]


def test_all_seals_can_be_read_and_what_waits_is_counted(given: dict[str, Any]) -> None:
    assert [s["statement"]["number"] for s in published()["seals"]] == [1, 0]
    assert [s["statement"]["number"] for s in published(1)["seals"]] == [1]
    assert [s["statement"]["number"] for s in published(0)["seals"]] == [0, 1]
    assert unsealed() == 2
    Seal.objects.all().delete()
    assert unsealed() == Step.objects.count() == 10
