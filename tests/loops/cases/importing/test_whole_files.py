"""Whole real files, imported and replayed by the verbs, against counts made from the files alone."""

import csv
import gzip
import tomllib
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import one_database
from tests.loops.cases.importing.sites import DEMO, POLICY, Site

NYC_MAP = DEMO / "new_york" / "maps" / "nyc311.toml"
COUNCIL_MAP = DEMO / "new_york" / "maps" / "council_casework.toml"
LA_MAP = DEMO / "los_angeles" / "maps" / "la311.toml"
Like = Callable[[Site], Site]


def rows_of(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def micros(text: str, zone: str) -> int:
    """The first of two instants a local time may mean; none of these files has a time that was skipped."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000


def by_agency_and_type(site: Site, source: str) -> Counter[tuple[str, str]]:
    """Counts by what the source calls agency and type: names of organisations and matters that were added."""
    found = site.run("cases", "count", "--by", "agency,matter", "--source", source)
    return Counter({(row["agency_name"], row["matter_name"]): row["cases"] for row in found})


def ledger_holds(site: Site) -> None:
    assert site.run("ledger", "verify")["findings"] == []


def rebuilds(site: Site, every: int) -> None:
    code = (
        "from cityloop.loops.cases.models import Case\n"
        "from cityloop.loops.cases.rebuilding import differences\n"
        "cases = list(Case.objects.order_by('pk'))\n"
        f"answer = [f.message for f in differences(iter(cases[::{every}]))]"
    )
    assert site.ask(code) == []


def separate(site: Site) -> None:
    """Nobody acted on both tracks of one case."""
    code = (
        "from collections import defaultdict\n"
        "from cityloop.town.ledger.models import Step\n"
        "tracks = dict(shift_leader='s', inspector='s', dispatcher='c', department_officer='c', crew='c')\n"
        "seen = defaultdict(set)\n"
        "for subject, role, inner in Step.objects.filter(kind='case').values_list('subject', 'role', 'inner'):\n"
        "    if role in tracks:\n"
        "        seen[subject, json.loads(inner)['person']].add(tracks[role])\n"
        "answer = [len(seen), sum(len(found) > 1 for found in seen.values())]"
    )
    acted, both = site.ask(code)
    assert acted and not both


def ends(site: Site) -> dict[str, tuple[int, int, str]]:
    """First and last step of each case by its key, and the last state."""
    rows = site.rows(
        "SELECT c.source_key, MIN(s.at), MAX(s.at), c.state FROM cases_case c"
        " JOIN ledger_step s ON s.subject = 'case:' || c.id WHERE c.origin = 'replay' GROUP BY c.source_key, c.state"
    )
    return {key: (first, last, state) for key, first, last, state in rows}


@pytest.mark.xdist_group("new_york")
def test_new_york_is_imported_whole(new_york: Site, like: Like, nyc311: Path, council: Path, prove: bool):
    site = like(new_york)
    rows = rows_of(nyc311)
    told = site.run("import", "cases", nyc311, "--map", NYC_MAP)
    assert (told["rows"], told["cases"], told["updated"], told["rejected"]) == (len(rows), len(rows), 0, 0)
    impossible = {r["unique_key"] for r in rows if "" < r["closed_date"] < r["created_date"]}
    zero = {r["unique_key"] for r in rows if r["closed_date"] == r["created_date"]}
    marks = dict(site.rows("SELECT source_key, marked FROM cases_case WHERE marked <> ''"))
    assert {k for k, mark in marks.items() if "impossible_time" in mark} == impossible
    assert {k for k, mark in marks.items() if "zero_time" in mark} == zero
    assert told["marked"] == len(marks)
    assert by_agency_and_type(site, "nyc311") == Counter((r["agency"], r["complaint_type"]) for r in rows)
    only_said(site, rows)
    again = site.run("import", "cases", nyc311, "--map", NYC_MAP)
    assert (again["cases"], again["updated"], again["unchanged"]) == (0, len(rows), len(rows))
    ledger_holds(site)
    rebuilds(site, 97)
    casework(site, council)
    if prove:  # half a million steps
        ledger_holds(site)


def only_said(site: Site, rows: list[dict[str, str]]) -> None:
    """The ledger has a collection for each row and a closing for each that was closed, and nothing more."""
    steps = site.counts("SELECT what, name, origin, COUNT(*) FROM ledger_step WHERE kind = 'case' GROUP BY 1, 2, 3")
    closed = sum(1 for r in rows if r["closed_date"])
    source = ("source:nyc311", "import")
    assert steps == {("collect", *source): len(rows), ("close_by_source", *source): closed}
    found = site.rows(
        "SELECT (SELECT COUNT(*) FROM cases_part), (SELECT COUNT(*) FROM worklist_row WHERE due IS NOT NULL),"
        " (SELECT COUNT(*) FROM cases_case WHERE filed IS NOT NULL), (SELECT COUNT(*) FROM notices_notice),"
        " (SELECT COUNT(*) FROM cases_case WHERE source_due IS NOT NULL)"
    )
    assert found == [[0, 0, 0, 0, sum(1 for r in rows if r["due_date"])]]


def casework(site: Site, council: Path) -> None:
    """The council's file has no coordinates: it is located by the names of areas, about a tenth names none."""
    rows = rows_of(council)
    told = site.run("import", "cases", council, "--map", COUNCIL_MAP)
    assert (told["rows"], told["cases"], told["rejected"], told["marked"]) == (len(rows), len(rows), 0, 0)
    expected = Counter((r["account"].strip(), r["complaint_type"].strip()) for r in rows)
    assert by_agency_and_type(site, "nyc-council") == expected
    assert site.counts("SELECT precision, COUNT(*) FROM cases_case WHERE source = 'nyc-council' GROUP BY 1") == {
        "day": len(rows)
    }
    units = site.run("cases", "count", "--by", "unit", "--level", "borough", "--source", "nyc-council")
    unplaced = sum(row["cases"] for row in units if row["unit"].endswith("9"))
    named = sum(1 for r in rows if r["community_board"] or r["borough"])
    assert 0.05 < unplaced / len(rows) < 0.15
    assert len(rows) - unplaced >= named * 0.99
    assert site.run("cases", "count")["cases"] >= len(rows)


@one_database
@pytest.mark.xdist_group("los_angeles")
def test_los_angeles_comes_in_by_mapping_alone(los_angeles: Site, like: Like, la311: Path):
    site = like(los_angeles)
    rows = rows_of(la311)
    told = site.run("import", "cases", la311, "--map", LA_MAP)
    assert (told["rows"], told["cases"], told["rejected"]) == (len(rows), len(rows), 0)
    assert by_agency_and_type(site, "la311") == Counter((r["owner"], r["requesttype"]) for r in rows)
    marks = site.counts("SELECT marked, COUNT(*) FROM cases_case WHERE marked LIKE '%_time%' GROUP BY 1")
    backwards = sum(1 for r in rows if "" < r["closeddate"] < r["createddate"])
    zero = sum(1 for r in rows if r["closeddate"] == r["createddate"])
    assert sum(n for mark, n in marks.items() if "impossible_time" in mark) == backwards
    assert sum(n for mark, n in marks.items() if "zero_time" in mark) == zero
    assert site.counts("SELECT source_status, COUNT(*) FROM cases_case GROUP BY 1") == Counter(
        r["status"] for r in rows
    )
    four = site.run("cases", "count")
    assert four == {"reports": len(rows), "cases": len(rows), "rounds": len(rows), "folded": 0}
    ledger_holds(site)
    rebuilds(site, 499)


@one_database
@pytest.mark.xdist_group("new_york")
def test_new_york_is_replayed_whole(new_york: Site, like: Like, nyc311: Path):
    site = like(new_york)
    rows = rows_of(nyc311)
    told = site.run("replay", nyc311, "--map", NYC_MAP, "--policy", POLICY, "--seed", 7)
    assert (told["rows"], told["cases"], told["rejected"]) == (len(rows), len(rows), 0)
    assert by_agency_and_type(site, "nyc311") == Counter((r["agency"], r["complaint_type"]) for r in rows)
    check_ends(site, rows, "unique_key", "created_date", "closed_date", "America/New_York")
    stops = {"Assigned": "dispatched", "Open": "dispatched", "Pending": "handling", "In Progress": "handling"}
    states = dict(site.rows("SELECT source_key, state FROM cases_case"))
    left = [r for r in rows if not r["closed_date"] and r["status"] in stops]
    assert left and all(states[r["unique_key"]] == stops[r["status"]] for r in left)
    separate(site)
    ledger_holds(site)
    rebuilds(site, 97)


@pytest.mark.xdist_group("los_angeles")
def test_los_angeles_is_replayed_whole(los_angeles: Site, like: Like, la311_loosely: Path):
    site, la311 = like(los_angeles), la311_loosely
    rows = rows_of(la311)
    told = site.run("replay", la311, "--map", LA_MAP, "--policy", POLICY)
    assert (told["rows"], told["cases"], told["rejected"]) == (len(rows), len(rows), 0)
    assert by_agency_and_type(site, "la311") == Counter((r["owner"], r["requesttype"]) for r in rows)
    check_ends(site, rows, "srnumber", "createddate", "closeddate", "America/Los_Angeles")
    separate(site)
    ledger_holds(site)
    rebuilds(site, 199)


def check_ends(site: Site, rows: list[dict[str, str]], key: str, created: str, closed: str, zone: str) -> None:
    """The first step is at the creation and the last at the closing, exactly; never before the first."""
    found = ends(site)
    assert len(found) == len(rows)
    for row in rows:
        first, last, state = found[row[key]]
        begun = micros(row[created], zone)
        assert first == begun, row[key]
        if row[closed]:
            assert (last, state) == (max(begun, micros(row[closed], zone)), "closed"), row[key]
        else:
            assert state != "closed"


def test_maps_name_what_they_read():
    for path in (NYC_MAP, COUNCIL_MAP, LA_MAP):
        assert tomllib.loads(path.read_text())["source"]["terms"]
