import pytest

from cityloop.town.catalog import queries


@pytest.fixture(autouse=True)
def _forget():
    """What one test published, the next must not see."""
    queries.forget()
    yield
    queries.forget()
