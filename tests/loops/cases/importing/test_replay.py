"""Replays in a small city: what is refused, what follows from the seed, what the future is."""

from pathlib import Path
from typing import Any

import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.definition import shipped
from cityloop.loops.cases.actions.bulk import COLUMNS
from cityloop.loops.cases.counting import count, four_counts
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.rebuilding import differences
from cityloop.loops.cases.replaying.actions import ReplayTally, replay
from cityloop.loops.cases.replaying.plan import way
from cityloop.loops.cases.replaying.policy import Policy
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import verify
from cityloop.town.orgs.queries import directory
from cityloop.town.tabular.source import validated
from cityloop.town.units import queries as units
from cityloop.town.units.models import City
from cityloop.town.worklist.models import Row
from tests.loops.cases.importing.test_broken_files import GOOD, HEADER, rejected, rules
from tests.loops.cases.smallville import AT, Town
from tests.town.staff import BY

HOUR = 3_600_000_000
CREATED = AT - 26 * HOUR  # 2018-10-20T10:00:00 in New York


def play(
    tmp_path: Path, content: str, at: int = AT, seed: int = 1, more: dict[str, Any] | None = None, **policy: Any
) -> ReplayTally:
    path = tmp_path / "file.csv"
    path.write_text(content)
    tally = replay(
        path=path, rules=rules(statuses={"default": "handling", "values": {"New": "filed"}}, **(more or {})),
        policy=validated(Policy, {"name": "test", **policy}, "policy"), seed=seed,
        reject_file=tmp_path / "rejected.csv", by=BY, at=at,
    )  # fmt: skip
    assert tally.rows == tally.cases + tally.updated + tally.rejected + tally.later
    assert list(verify()) == []
    assert list(differences(iter(Case.objects.all()))) == []
    return tally


@pytest.fixture
def stage(town: Town) -> Town:
    City.objects.update(kind="replay")
    units.forget()
    return town


def steps(key: str) -> list[tuple[str, int]]:
    row = Case.objects.get(source_key=key)
    return list(Step.objects.filter(subject=row.subject).order_by("seq").values_list("what", "at"))


def test_only_into_a_database_made_as_one(town: Town, tmp_path: Path):
    with pytest.raises(Refusal) as refused:
        play(tmp_path, HEADER + GOOD.format("A1"))
    assert refused.value.code == "replay.kind"
    assert Case.objects.count() == 0


def test_what_no_row_can_be_replayed_by_is_refused_before_anything_is_written(stage: Town, tmp_path: Path):
    columns, areas = {"key": "id", "created": "opened", "agency": "who"}, [{"column": "district", "layer": "none"}]
    for more, field in (
        ({"columns": columns}, "columns.matter"), ({"place": {"areas": areas}}, "place.areas.0.layer"),
    ):  # fmt: skip
        with pytest.raises(Refusal) as refused:
            play(tmp_path, HEADER + GOOD.format("A1").replace("parks", "zoo"), more=more)
        assert refused.value.field == field
    assert "zoo" not in directory()


def test_a_row_that_cannot_be_replayed_is_named_by_its_line(stage: Town, tmp_path: Path):
    content = HEADER + "\n" + GOOD.format("A1") + GOOD.format("A2").replace("tree", "")
    assert play(tmp_path, content, more={"matters": {"unknown": "none", "prefix": ""}}).rejected == 1
    assert [(r["row"], r["line"], r["field"]) for r in rejected(tmp_path)] == [("2", "4", "kind")]


def test_steps_lie_at_the_fractions_of_the_interval(stage: Town, tmp_path: Path):
    fractions = {"file": 0.1, "dispatch": 0.2, "accept": 0.3, "report_back": 0.6, "submit": 0.7, "pass": 0.9}
    play(tmp_path, HEADER + GOOD.format("A1"), fractions=fractions)
    expected = [("collect", 0.0), *fractions.items(), ("close", 1.0)]
    assert steps("A1") == [(what, CREATED + round(share * 2 * HOUR)) for what, share in expected]
    row = Case.objects.get()
    assert (row.state, row.origin, row.resolution, row.closed) == ("closed", "replay", "solved", CREATED + 2 * HOUR)
    assert row.parts.count() == 1 and row.filed == CREATED + round(0.1 * 2 * HOUR)


def test_the_same_seed_gives_the_same_replay(stage: Town, tmp_path: Path):
    rows = "".join(GOOD.format(f"A{n}") for n in range(40))
    play(tmp_path, HEADER + rows, jitter=0.4)
    first = [steps(f"A{n}") for n in range(40)]
    play(tmp_path, HEADER + rows.replace("A", "B"), jitter=0.4, seed=2)
    assert len({tuple(found) for found in first}) > 20
    assert [steps(f"B{n}") for n in range(40)] != first
    for n in range(40):
        found = [at for _, at in steps(f"B{n}")]
        assert found == sorted(found) and (found[0], found[-1]) == (CREATED, CREATED + 2 * HOUR)


def test_what_is_open_stops_where_its_status_says(stage: Town, tmp_path: Path):
    open_ = "{},2018-10-20T10:00:00,,tree,parks,10.05,50.07,West,{}\n"
    play(tmp_path, HEADER + open_.format("new", "New") + open_.format("odd", "Whatever"), open_interval="4 uh")
    assert {c.source_key: c.state for c in Case.objects.all()} == {"new": "filed", "odd": "handling"}
    assert [what for what, _ in steps("odd")] == ["collect", "file", "dispatch", "accept"]


def test_what_cannot_be_ends_when_it_began(stage: Town, tmp_path: Path):
    play(tmp_path, HEADER + GOOD.format("A1").replace("T12:", "T09:"))
    row = Case.objects.get()
    assert (row.state, row.marked, row.closed) == ("closed", "impossible_time", CREATED)
    assert {at for _, at in steps("A1")} == {CREATED}


def test_a_closing_to_come_is_unknown_until_then(stage: Town, tmp_path: Path):
    content = HEADER + GOOD.format("A1") + GOOD.format("A2").replace("T10:", "T15:").replace("T12:", "T17:")
    tally = play(tmp_path, content, at=CREATED + HOUR)
    assert (tally.cases, tally.later) == (1, 1)
    assert Case.objects.get().state == "handling"
    assert play(tmp_path, content, at=CREATED + HOUR).unchanged == 1
    assert play(tmp_path, content, at=CREATED + 8 * HOUR).cases == 1
    assert {c.state for c in Case.objects.all()} == {"closed"}
    assert [at for _, at in steps("A1")][-1] == CREATED + 2 * HOUR


def test_rows_of_work_and_counts_are_those_of_cases_handled_live(stage: Town, tmp_path: Path):
    stage.collect()
    play(tmp_path, HEADER + "".join(GOOD.format(f"A{n}") for n in range(3)))
    done = Row.objects.filter(origin="replay", ended__isnull=False)
    stages = {"checked", "checking", "collected", "dispatched", "filed", "handled", "handling"}
    assert done and {row.what for row in done} - {"milestone"} < stages  # those in time never stood on a list
    assert all(row.mark >= 100 and row.due is not None and row.due < (row.ended or 0) for row in done)
    assert four_counts() == {"reports": 4, "cases": 3, "rounds": 3, "folded": 0}
    assert [(r["agency"], r["matter"], r["state"], r["cases"]) for r in count(["agency", "matter", "state"])] == [
        ("parks", "tree", "closed", 3), ("", "tree", "collected", 1),
    ]  # fmt: skip
    assert {r["unit"]: r["cases"] for r in count(["unit"], level="district")} == {
        Case.objects.first().unit_code[:6]: 4  # type: ignore[union-attr]
    }
    with pytest.raises(Refusal):
        count(["colour"])


def test_a_small_town_goes_the_shorter_way():
    assert [leg.action for leg in way(shipped("case", "small_town"))] == [
        "file", "dispatch", "accept", "report_back", "pass",
    ]  # fmt: skip
    assert way(shipped("case", "small_town"))[-1].state == "closed"
    assert way(shipped("case"))[-1].state == "closed"


def test_bulk_writes_every_column_of_a_case():
    assert set(COLUMNS) == {field.attname for field in Case._meta.concrete_fields}


def test_fractions_go_forward():
    with pytest.raises(Refusal) as refused:
        validated(Policy, {"name": "x", "fractions": {"file": 0.9}}, "policy")
    assert refused.value.field == "fractions"
