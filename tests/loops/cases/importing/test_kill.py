"""kill -9 at any moment of an import or a replay: the next run goes on, and nothing is lost or doubled."""

import csv
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import IN_PART, PROVE
from tests.loops.cases.importing.conftest import thinned
from tests.loops.cases.importing.sites import POLICY, Site
from tests.loops.cases.importing.test_whole_files import LA_MAP, ledger_holds, rebuilds, rows_of

Like = Callable[[Site], Site]
# With the two of tests/faults/test_killed.py, five kills a database in `make test`, fifty of each in `make prove`.
IMPORTS, REPLAYS = (50, 50) if PROVE else (2, 1)
LONG_IMPORT, LONG_REPLAY = (500_000, 150_000) if PROVE else (14_000, 4_600)  # rows: long enough to be killed in


def killed_often(site: Site, words: tuple[Any, ...], kills: int, seed: int) -> int:
    """Start a verb again and again and kill it at a random moment after it went on writing; give how far it came."""
    dice, before = random.Random(seed), 0
    for _ in range(kills):
        process = site.start(*words)
        while (written := cases_in(site)) <= before and process.poll() is None:
            time.sleep(0.02)
        time.sleep(dice.uniform(0.0, 0.6))
        assert process.poll() is None, "the run ended before it could be killed; make the file longer"
        process.kill()
        process.wait()
        before = max(written, cases_in(site))
    return before


def cases_in(site: Site) -> int:
    """Count the cases written."""
    return int(site.rows("SELECT COUNT(*) FROM cases_case")[0][0])


def whole(site: Site, rows: list[dict[str, str]]) -> None:
    """Each row stands for one case, one report and an unbroken chain."""
    keys = Counter(key for (key,) in map(tuple, site.rows("SELECT source_key FROM cases_case")))
    assert keys == Counter(r["srnumber"] for r in rows)
    counted = site.rows(
        "SELECT (SELECT COUNT(*) FROM cases_report), (SELECT COUNT(DISTINCT case_id) FROM cases_report),"
        " (SELECT COUNT(DISTINCT subject) FROM ledger_step WHERE kind = 'case'),"
        " (SELECT SUM(seq) FROM cases_case), (SELECT COUNT(*) FROM ledger_step WHERE kind = 'case')"
    )[0]
    assert counted[:3] == [len(rows)] * 3
    assert int(counted[3]) == counted[4]
    ledger_holds(site)
    rebuilds(site, 401)


def repeated(la311: Path, folder: Path, wanted: int) -> Path:
    """The file, a few times over with keys of their own or in part, as long as a run takes to be killed in."""
    rows = rows_of(la311)
    times, rows = max(1, wanted // len(rows)), rows[:: max(1, len(rows) // wanted)]
    target = folder / "long.csv"
    with target.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        for number in range(times):
            out.writerows({**row, "srnumber": f"{row['srnumber']}/{number}"} for row in rows)
    return target


def plain(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.xdist_group("los_angeles")
def test_an_import_survives_kills(los_angeles: Site, like: Like, la311: Path, tmp_path: Path):
    site, file, seed = like(los_angeles), repeated(la311, tmp_path, LONG_IMPORT), random.randrange(10**6)
    print(f"seed {seed}")
    words = ("import", "cases", file, "--map", LA_MAP)
    killed_often(site, words, IMPORTS, seed)
    told = site.run(*words)
    rows = plain(file)
    assert (told["rows"], told["cases"] + told["updated"], told["rejected"]) == (len(rows), len(rows), 0)
    whole(site, rows)


@pytest.mark.xdist_group("new_york")
def test_a_replay_survives_kills(los_angeles: Site, like: Like, la311: Path, tmp_path: Path):
    site, file, seed = like(los_angeles), repeated(la311, tmp_path, LONG_REPLAY), random.randrange(10**6)
    print(f"seed {seed}")
    words = ("replay", file, "--map", LA_MAP, "--policy", POLICY)
    killed_often(site, words, REPLAYS, seed)
    told = site.run(*words)
    rows = plain(file)
    assert (told["rows"], told["cases"] + told["updated"], told["rejected"]) == (len(rows), len(rows), 0)
    whole(site, rows)
    finished = {r["srnumber"] for r in rows if r["closeddate"]}
    closed = {key for (key,) in map(tuple, site.rows("SELECT source_key FROM cases_case WHERE state = 'closed'"))}
    assert closed == finished


@pytest.mark.xdist_group("new_york")
def test_two_imports_at_once_do_not_double(los_angeles: Site, like: Like, la311: Path, tmp_path: Path):
    site, file = like(los_angeles), thinned(la311, tmp_path / "some.csv.gz", 1 if PROVE or IN_PART else 4)
    running: list[subprocess.Popen[bytes]] = [site.start("import", "cases", file, "--map", LA_MAP) for _ in range(2)]
    for process in running:
        process.wait()
    site.run("import", "cases", file, "--map", LA_MAP)
    whole(site, rows_of(file))
