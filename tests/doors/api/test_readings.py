"""The latest readings of the whole city through the JSON door, in columns."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.loops.sensing.models import Datastream
from cityloop.town.columns import rfc3339
from tests.doors.api.conftest import ask
from tests.loops.cases.smallville import Town
from tests.loops.sensing.instruments import AT, CATEGORY, HOUR, bring, set_up, stream

PATH = "/api/v1/readings/latest"


@pytest.fixture
def streams(town: Town) -> list[int]:
    """Give six datastreams: of fine dust, wind that is no number, and one that never spoke."""
    set_up(*[stream("PM2.5")] * 4, stream("wind", CATEGORY), stream("CO"))
    found = list(Datastream.objects.order_by("pk").values_list("pk", flat=True))
    readings = [(pk, AT + n * HOUR, float(10 * at + n)) for at, pk in enumerate(found[:4]) for n in range(3)]
    bring(*readings, (found[4], AT, "NNW"))
    return found


def test_all_are_told_in_one_answer(town: Town, key: Any, streams: list[int]) -> None:
    answer = ask("GET", PATH, key("dispatcher"))
    assert answer.body == {
        "datastreams": streams[:5], "times": [*[rfc3339(AT + 2 * HOUR)] * 4, rfc3339(AT)],
        "values": [2, 12, 22, 32, None], "next": None,
    }  # fmt: skip
    assert "Link" not in answer.headers


def test_it_goes_on_from_page_to_page(town: Town, key: Any, streams: list[int]) -> None:
    path, seen = f"{PATH}?limit=2", list[int]()
    while path:
        answer = ask("GET", path, key("dispatcher"))
        seen += answer.body["datastreams"]
        path = answer.body["next"]
        assert (f"<{path}>" in answer.headers.get("Link", "")) == bool(path)
    assert seen == streams[:5]


def test_it_is_narrowed_by_what_is_measured_and_where(town: Town, key: Any, streams: list[int]) -> None:
    def told(query: str) -> list[int]:
        return list(ask("GET", f"{PATH}?{query}", key("dispatcher")).body["datastreams"])

    assert told("of=wind") == [streams[4]] and told("of=nothing") == [] and told("unit=9") == []
    assert told("unit=1001&of=PM2.5") == streams[:4]


def test_it_asks_as_much_for_many_as_for_one(town: Town, key: Any, streams: list[int]) -> None:
    numbers, mine = [], key("dispatcher")
    ask("GET", PATH, mine)
    for limit in (1, 100_000):
        with CaptureQueriesContext(connection) as queries:
            ask("GET", f"{PATH}?limit={limit}", mine)
        numbers.append(len(queries))
    assert numbers == [3, 3]


def test_what_cannot_be_asked_and_who_may_not(town: Town, key: Any, streams: list[int]) -> None:
    for query in ("limit=100001", "limit=0", "unit=" + "1" * 40, "nothing=1"):
        assert ask("GET", f"{PATH}?{query}", key("dispatcher")).status in (400, 422), query
    assert ask("GET", f"{PATH}?cursor=none", key("dispatcher")).status == 400
    assert ask("GET", PATH).status == 401
