"""Moving things: where they are now and in which unit, and the fences they are meant to keep to."""

from pathlib import Path
from typing import Any

import pytest

from cityloop.loops.sensing import instruments, trying
from cityloop.loops.sensing.actions import describing, judging
from cityloop.loops.sensing.models import Alarm, Datastream, Position, Thing
from cityloop.loops.sensing.rules import said
from tests.loops.sensing.history.world import hot, night
from tests.loops.sensing.instruments import AT, HOUR, bring, station, stream
from tests.loops.sensing.watched import MINUTE, alarm, alarms, set_up, switch_on
from tests.town.staff import BY

pytestmark = pytest.mark.usefixtures("town")
GEOMETRY = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Observation"
WEST, EAST, OUTSIDE = [10.05, 50.02], [10.15, 50.02], [11.0, 51.0]


def bus(fence: Any = None, lon: float = 10.05) -> int:
    measured = stream("position", GEOMETRY, unitOfMeasurement={"name": "degree", "symbol": "deg", "definition": ""})
    measured["ObservedProperty"]["properties"] = {"observed": "air/pm25"}
    body = station(measured, place=(lon, 50.02))
    body["properties"] = {"fence": fence} if fence else {}
    thing = describing.add(said=said.read(said.ThingSaid, body), by=BY, at=AT)
    return int(Datastream.objects.get(thing=thing).pk)


def drive(pk: int, *places: Any, start: int = AT) -> None:
    for number, place in enumerate(places):
        bring((pk, start + number * MINUTE, place), now=start + number * MINUTE)
        judging.judge(at=start + number * MINUTE)


def test_a_thing_is_where_it_says_it_is() -> None:
    pk = bus()
    drive(pk, WEST, {"type": "Point", "coordinates": EAST})
    one = Position.objects.get()
    assert (one.lon, one.lat, one.unit_code, one.time) == (10.15, 50.02, "100102002", AT + MINUTE)
    assert Thing.objects.get().unit_code == "100102002"
    assert instruments.points(most=5) == [(one.pk, "Station", True, 10.15, 50.02)]
    drive(pk, WEST, start=AT - HOUR)  # late
    assert Position.objects.get().lon == 10.15
    drive(pk, OUTSIDE, start=AT + HOUR)
    assert Thing.objects.get().unit_code == ""


@pytest.mark.parametrize("nonsense", ["here", {"type": "Polygon"}, {"type": "Point", "coordinates": [200, 1]}, [1], {}])
def test_what_is_no_position_moves_nothing(nonsense: Any) -> None:
    pk = bus()
    drive(pk, WEST, nonsense)
    assert Position.objects.get().time == AT


AREA = {"type": "Polygon", "coordinates": [[[10.0, 50.0], [10.1, 50.0], [10.1, 50.1], [10.0, 50.1], [10.0, 50.0]]]}


def tried() -> list[tuple[int, int]]:
    found = trying.attempt(watch=trying.changed("air/pm25/away"), since=AT, until=AT + HOUR).alarms
    return [(would.bound.datastream, would.since) for would in found]


def test_a_fence_is_tried_on_what_has_moved_to_the_history_too(settings: Any, tmp_path: Path) -> None:
    settings.HISTORY = tmp_path / "history"
    switch_on(alarm("away", fence="outside", hold="2 um", opens="report"), unit="deg", every="1 um")
    pk = bus(AREA)
    drive(pk, WEST, EAST, EAST, EAST, EAST, WEST)
    assert tried() == [(pk, AT + MINUTE)]
    night()
    assert hot(pk) == [AT + 5 * MINUTE]
    assert tried() == [(pk, AT + MINUTE)]
    drive(pk, WEST, start=AT + 2 * MINUTE)  # put right: what the database has counts
    drive(pk, WEST, start=AT + 3 * MINUTE)
    assert tried() == []


@pytest.mark.parametrize("fence", [AREA, "100101"])
def test_a_thing_that_leaves_its_fence(fence: Any) -> None:
    switch_on(alarm("away", fence="outside", hold="2 um", opens="report"), unit="deg", every="1 um")
    pk, free = bus(fence), bus()
    drive(free, EAST, EAST, EAST)
    drive(pk, WEST, EAST, EAST)
    assert alarms() == []
    drive(pk, EAST, start=AT + 3 * MINUTE)
    one = Alarm.objects.get()
    assert (one.datastream_id, one.since, one.unit_code[:6], one.state) == (pk, AT + MINUTE, "100102", "raised")
    assert tried() == [(pk, AT + MINUTE)]
    drive(pk, WEST, start=AT + 4 * MINUTE)
    assert [state for _rule, state, _worst in alarms()] == ["cleared"]


@pytest.mark.parametrize("fence", [
    "the harbour", "999", {"type": "Polygon"}, {"type": "Point", "coordinates": WEST}, {"a": 1}, [1, 2], 7, True,
    {"type": "Polygon", "coordinates": [[]]}, {"type": "Polygon", "coordinates": "x"},
])  # fmt: skip
def test_what_is_no_area_is_left_by_nobody(fence: Any) -> None:
    switch_on(alarm("away", fence="outside"), alarm("in", fence="inside"), unit="deg", every="1 um")
    drive(bus(fence), WEST, EAST, OUTSIDE)
    assert alarms() == []


def test_numbers_are_no_positions() -> None:
    set_up()
    pk = int(Datastream.objects.get().pk)
    bring((pk, AT, 5.0), now=AT)
    judging.judge(at=AT)
    assert not Position.objects.exists()
