"""How the instruments of a large city are: where each station has set up what it measures anew."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.loops.sensing import instruments
from cityloop.loops.sensing.actions import counting
from cityloop.loops.sensing.models import Census, Datastream, Latest, ObservedProperty, Sensor, Thing
from tests.loops.sensing.instruments import AT, HOUR, bring
from tests.loops.sensing.watched import alarm, set_up, switch_on

pytestmark = pytest.mark.usefixtures("town")
MANY = 7_000  # one more parameter for each of them, told twice, is more than PostgreSQL takes in a statement
NOW = AT + 1000 * HOUR


def many(number: int = MANY) -> list[int]:
    """Set up stations of one instrument, each with what it measures: every second one is watched, each has spoken."""
    described = {"created": AT, "at": AT}
    sensor = Sensor.objects.create(name="Box", encoding_type="text/plain", metadata="box", **described)
    thing = Thing.objects.create(name="Station", **described)
    properties = ObservedProperty.objects.bulk_create(
        ObservedProperty(
            name="Dust", definition="urn:x", properties={"observed": "air/pm25"} if n % 2 else {}, **described
        )
        for n in range(number)
    )
    streams = Datastream.objects.bulk_create(
        Datastream(
            name="Dust", thing=thing, sensor=sensor, observed_property=one, observation_type="", unit={}, **described
        )
        for one in properties
    )
    Latest.objects.bulk_create(
        Latest(datastream=one, time=at, lasts=0, result=1.0, first=at, last=at, count=1)
        for one, at in ((one, NOW - 5 * HOUR) for one in streams)
    )
    return [one.pk for one in streams]


def test_what_each_station_measures_may_be_a_property_of_its_own() -> None:
    switch_on(alarm("silent", silent="4 uh"))
    pks = many()
    watched = pks[1::2]
    found = instruments.listed(state=instruments.SILENT, at=NOW, most=5)
    assert [one.stream.pk for one in found] == watched[:5], "who is not watched may be silent for a day"
    assert instruments.silent_things(Thing.objects.values_list("pk", flat=True), NOW)
    assert instruments.latest(measured="air/pm25", most=MANY)[0] == watched
    assert [one.stream.pk for one in instruments.listed(measured="Dust", at=NOW, most=5)] == pks[:10:2]
    assert counting.count(at=NOW) == 2
    rows = {row.key: (row.number, row.silent, row.doubtful) for row in instruments.census()}
    assert rows == {"Dust": (MANY // 2, 0, 0), "air/pm25": (MANY // 2, MANY // 2, 0)}


def test_a_plate_that_says_so_by_a_definition_is_meant_too() -> None:
    switch_on(alarm("silent", silent="4 uh"))
    (pk,) = many(1)
    ObservedProperty.objects.update(definition="urn:cityloop:observed:air/pm25", properties={})
    assert [one.stream.pk for one in instruments.listed(state=instruments.SILENT, at=NOW)] == [pk]
    assert [one.stream.pk for one in instruments.listed(measured="air/pm25", at=NOW)] == [pk]


def test_what_the_pages_say_was_counted_and_costs_the_same_in_any_city() -> None:
    switch_on(alarm("silent", silent="4 uh"))
    spoke, mute, _never = set_up(), set_up(), set_up()
    bring((spoke, NOW - HOUR, 1.0), (mute, NOW - 9 * HOUR, 1.0), now=NOW)
    counting.count(at=NOW)
    asked = []
    for _more in range(2):
        with CaptureQueriesContext(connection) as queries:
            kinds = instruments.kinds()
        asked.append([one["sql"] for one in queries if "sensing_" in one["sql"]])
        assert [(one.key, one.number, one.silent, one.never) for one in kinds] == [("air/pm25", 3, 1, 1)]
        set_up()
    assert asked[0] == asked[1] and len(asked[0]) == 1 and "sensing_census" in asked[0][0]
    counting.count(at=NOW)
    assert (Census.objects.get().silent, Census.objects.get().never) == (4, 3), "the census counts them as silent too"


def test_a_filter_by_what_nobody_measures_finds_nothing() -> None:
    set_up()
    wrong: Any = ("x' OR 1=1 --", "%s", "")
    assert [instruments.listed(measured=one, at=NOW) for one in wrong[:2]] == [[], []]
    assert len(instruments.listed(measured="", at=NOW)) == 1
