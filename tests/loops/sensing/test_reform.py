"""After a reform of units, things, cameras and alarms count for the unit they lie in now."""

import pytest

from cityloop.loops.sensing.actions import eyes, reform
from cityloop.loops.sensing.models import Alarm, Camera, Stand, Thing
from cityloop.town.units.actions import reform as units
from cityloop.town.worklist.models import Row
from tests.loops.sensing.instruments import AT
from tests.loops.sensing.watched import MINUTE, alarm, hear, set_up, switch_on
from tests.town.staff import BY

pytestmark = pytest.mark.usefixtures("town")


def test_what_stands_somewhere_follows_a_reform() -> None:
    switch_on(alarm("high", above=250), alarm("together", above=250, agree=2))
    hear(set_up(), 300)
    hear(set_up(place=(10.06, 50.08)), 300, start=AT + MINUTE)
    eyes.register(key="gate", name="Gate", link="https://v.example.org/1", lon=10.05, lat=50.07, by=BY, at=AT)
    about = sorted(Alarm.objects.values_list("about", flat=True))
    event = units.renumber(codes={"100101001": "100101009"}, by=BY, at=AT + MINUTE)
    assert reform.follow(event) == 2 + 1 + 3
    for table in (Thing, Camera, Alarm, Stand):
        assert set(table.objects.values_list("unit_code", flat=True)) == {"100101009"}
    assert sorted(Alarm.objects.values_list("about", flat=True)) == [*about[:2], "unit:100101009"]
    assert set(Row.objects.filter(loop="alarm").values_list("unit_code", flat=True)) == {"100101009"}
    assert reform.follow(event) == 0
