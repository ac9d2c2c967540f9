import csv
import gzip
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import IN_PART, PROVE
from tests.loops.cases.importing.sites import Site, copied, template


@pytest.fixture(scope="session")
def new_york(shared_data: Path) -> Site:
    return template("new_york", shared_data / "boundaries")


@pytest.fixture(scope="session")
def los_angeles(shared_data: Path) -> Site:
    return template("los_angeles", shared_data / "boundaries")


@pytest.fixture
def like(tmp_path: Path) -> Iterator[Callable[[Site], Site]]:
    """Make cities like a template: `like(new_york)`."""
    with ExitStack() as stack:
        yield lambda template: stack.enter_context(copied(template, tmp_path / f"home{len(list(tmp_path.iterdir()))}"))


@pytest.fixture(scope="session")
def nyc311(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return part(shared_data / "cases" / "nyc311_slices_train.csv.gz", tmp_path_factory, 4 if IN_PART else 1)


@pytest.fixture(scope="session")
def la311(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return part(shared_data / "cases" / "la311_train.csv.gz", tmp_path_factory, 4 if IN_PART else 1)


@pytest.fixture(scope="session")
def la311_loosely(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outside `make prove` every fourth row: New York is what is replayed whole."""
    return part(shared_data / "cases" / "la311_train.csv.gz", tmp_path_factory, 1 if PROVE else 4)


@pytest.fixture(scope="session")
def council(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The council's file: a quarter of a million rows; outside `make prove` every fortieth of them."""
    whole = shared_data / "cases" / "nyc_council_casework_train.csv.gz"
    return part(whole, tmp_path_factory, 1 if PROVE else 160 if IN_PART else 40)


def part(whole: Path, folders: pytest.TempPathFactory, every: int) -> Path:
    """Give the file, or one row of so many."""
    return whole if every == 1 else thinned(whole, folders.mktemp("part") / whole.name, every)


def thinned(whole: Path, target: Path, every: int) -> Path:
    """Keep the head and one row of so many."""
    with gzip.open(whole, "rt", encoding="utf-8", newline="") as file, gzip.open(target, "wt", 1, newline="") as out:
        rows = csv.reader(file)
        csv.writer(out).writerows(row for n, row in enumerate(rows) if n == 0 or (n - 1) % every == 0)
    return target
