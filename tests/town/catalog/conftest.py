import pytest

from cityloop.town.catalog import queries


@pytest.fixture(autouse=True)
def _forget_what_is_published():
    """What one test published, the next must not see."""
    queries.forget()
    yield
    queries.forget()
