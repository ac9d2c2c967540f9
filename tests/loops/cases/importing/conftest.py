from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.loops.cases.importing.sites import Site, build, copied, drop


def _template(city: str, factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[Site]:
    site = build(factory.mktemp(city) / "home", city, shared_data / "boundaries")
    yield site
    drop(site)


@pytest.fixture(scope="session")
def new_york(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[Site]:
    yield from _template("new_york", tmp_path_factory, shared_data)


@pytest.fixture(scope="session")
def los_angeles(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[Site]:
    yield from _template("los_angeles", tmp_path_factory, shared_data)


@pytest.fixture
def like(tmp_path: Path) -> Iterator[Callable[[Site], Site]]:
    """Make cities like a template: `like(new_york)`."""
    with ExitStack() as stack:
        yield lambda template: stack.enter_context(copied(template, tmp_path / f"home{len(list(tmp_path.iterdir()))}"))


@pytest.fixture(scope="session")
def nyc311(shared_data: Path) -> Path:
    return shared_data / "cases" / "nyc311_slices_train.csv.gz"


@pytest.fixture(scope="session")
def la311(shared_data: Path) -> Path:
    return shared_data / "cases" / "la311_train.csv.gz"


@pytest.fixture(scope="session")
def council(shared_data: Path) -> Path:
    return shared_data / "cases" / "nyc_council_casework_train.csv.gz"
