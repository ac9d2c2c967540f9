"""Sensing at the desk: alarms in the inbox and on their pages, instruments and their quality, rules tried."""

import html
import re
from typing import Any

import pytest
from django.test import Client

from cityloop.doors.web.desk import sensor_quarantine
from cityloop.doors.web.show import marks
from cityloop.loops.cases import numbers
from cityloop.loops.cases.models import Case
from cityloop.loops.sensing import trying
from cityloop.loops.sensing.actions import counting, doubting, eyes, judging
from cityloop.loops.sensing.models import Alarm, Look, Thing
from cityloop.town.calendar.clock import city_clock
from tests.loops.sensing.instruments import HOUR, bring
from tests.loops.sensing.watched import alarm, set_up, switch_on
from tests.town.staff import BY


def page(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return html.unescape(answer.content.decode())


@pytest.fixture
def air(town: Any) -> int:
    """An hour of bad air in the square, just now: an alarm that stands, on a case that it opened."""
    switch_on(alarm("high", above=250, clear=200), alarm("silent", silent="4 uh"))
    pm, now = set_up(), city_clock.now()
    for hours, value in ((3, 90), (2, 180), (1, 320), (0, 410)):
        bring((pm, now - hours * HOUR - 1, float(value)), now=now)
        judging.judge(at=now)
    return pm


def test_an_alarm_is_in_the_inbox_and_is_acknowledged_there(at_desk: Any, air: int) -> None:
    dispatcher, one = at_desk("dispatcher"), Alarm.objects.get()
    said = page(dispatcher, "/desk/")
    assert f'href="/desk/alarms/{one.pk}"' in said and "Acknowledge" in said and "Alarm high" in said
    said = page(dispatcher, f"/desk/alarms/{one.pk}")
    for words in ("Alarm high", "above 250", "410", "polyline", "Acknowledge", "Dismiss as false", "Raise"):
        assert words in said
    assert numbers.number(Case.objects.get()) in said
    answer = dispatcher.post(f"/desk/alarms/{one.pk}/act", {"action": "dismiss", "seq": "1", "words": " "})
    assert answer.status_code == 422
    answer = dispatcher.post(f"/desk/alarms/{one.pk}/act", {"action": "acknowledge", "seq": "1"})
    assert answer.status_code == 303 and Alarm.objects.get().state == "acknowledged"
    answer = dispatcher.post(f"/desk/alarms/{one.pk}/act", {"action": "dismiss", "seq": "1", "words": "A barbecue"})
    said = answer.content.decode()
    assert answer.status_code == 422 and "meanwhile" in said and "A barbecue" in said
    answer = dispatcher.post(f"/desk/alarms/{one.pk}/act", {"action": "dismiss", "seq": "2", "words": "A barbecue"})
    assert answer.status_code == 303
    said = page(dispatcher, f"/desk/alarms/{one.pk}")
    assert "A barbecue" in said and "Dismiss as false</button>" not in said
    assert f'href="/desk/alarms/{one.pk}"' not in page(dispatcher, "/desk/")


def test_who_may_not_act_is_told_so(at_desk: Any, air: int) -> None:
    one, inspector = Alarm.objects.get(), at_desk("inspector")
    assert "Nothing is to be done here" in page(inspector, f"/desk/alarms/{one.pk}")
    assert inspector.post(f"/desk/alarms/{one.pk}/act", {"action": "acknowledge", "seq": "1"}).status_code == 403
    assert at_desk("inspector_east").get(f"/desk/alarms/{one.pk}").status_code in (200, 404)
    for path in ("/desk/alarms/99999", "/desk/alarms/99999999999999999999", "/desk/sensors/99999"):
        assert at_desk("dispatcher").get(path).status_code == 404


def test_lists_and_quality(at_desk: Any, air: int) -> None:
    dispatcher, thing = at_desk("dispatcher"), Thing.objects.get()
    assert "Alarm high" in page(dispatcher, "/desk/alarms/") and "severe" in page(dispatcher, "/desk/alarms/")
    assert "No alarm stands" in page(dispatcher, "/desk/alarms/?severity=minor")
    said = page(dispatcher, "/desk/sensors/")
    assert "Fine dust" in said and "410 µg/m³" in said and "Sound" in said
    said = page(dispatcher, f"/desk/sensors/{thing.pk}?days=1")
    assert "polyline" in said and "above 250 µg/m³" in said and "nothing came for 4 hours" in said
    found = dispatcher.get("/desk/sensors.geojson").json()["features"]
    assert [(one["properties"]["status"], one["properties"]["href"]) for one in found] == [
        ("alarm", f"/desk/sensors/{thing.pk}")
    ]
    bring((air, city_clock.now(), 9_999.0), now=city_clock.now())
    counting.count(at=city_clock.now())
    said = page(dispatcher, "/desk/sensors/quality")
    assert "100 %" in said and "physically impossible" in said
    assert "410 µg/m³" not in page(dispatcher, "/desk/sensors/?state=silent")


def test_what_was_not_believed_is_read_from_the_page_of_quality(at_desk: Any, air: int) -> None:
    dispatcher, now, thing = at_desk("dispatcher"), city_clock.now(), Thing.objects.get()
    assert "Nothing of the kind" in page(dispatcher, "/desk/sensors/quarantine")
    bring((air, now, 9_999.0), (air, now - HOUR, "<b>" + "x" * 400), (999, now, 1.0), now=now)
    quality = page(dispatcher, "/desk/sensors/quality")
    for query in (f"?stream={air}&reason=range", "?stream=999&reason=datastream"):
        assert f'href="/desk/sensors/quarantine{query}"' in quality
    said = page(dispatcher, f"/desk/sensors/quarantine?stream={air}&reason=range")
    assert "9999" in said and "physically impossible" in said and f"/desk/sensors/{thing.pk}?stream={air}" in said
    assert "xxx" not in said and ">test<" in said
    raw = dispatcher.get("/desk/sensors/quarantine").content.decode()
    assert raw.count("<td>") == 3 * 3 and "&lt;b&gt;xxx" in raw and "x" * 300 not in raw
    assert "9999" not in page(dispatcher, "/desk/sensors/quarantine?stream=999")
    for strange in ("?after=9" + "9" * 30, "?stream=x&after=x&reason=none", "?after=1"):
        page(dispatcher, f"/desk/sensors/quarantine{strange}")


def test_a_long_quarantine_goes_on(at_desk: Any, air: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensor_quarantine, "PAGE", 2)
    dispatcher, now = at_desk("dispatcher"), city_clock.now()
    bring(*((air, now - n, 9_000.0 + n) for n in range(5)), now=now)
    path, seen = "/desk/sensors/quarantine?reason=range", list[str]()
    while path:
        said = page(dispatcher, path)
        seen += re.findall(r"900\d", said)
        after = re.search(r'href="(\?reason=range&after=\d+)"', said)
        path = f"/desk/sensors/quarantine{after[1]}" if after else ""
    assert sorted(seen) == ["9000", "9001", "9002", "9003", "9004"]


def test_an_instrument_that_stands_still_or_is_silent(at_desk: Any, town: Any) -> None:
    switch_on(alarm("high", above=250), every="1 uh")
    still, mute, now = set_up(), set_up(place=(10.15, 50.02)), city_clock.now()
    bring(*((still, now - n * HOUR, 37.5) for n in range(12)), now=now)
    bring((mute, now - 30 * HOUR, 5.0), now=now)
    said = page(at_desk("dispatcher"), "/desk/sensors/")
    assert re.search(r"37.5 µg/m³.*Stands still", said, re.S) and "Silent" in said
    counting.count(at=now)
    assert "50 %" in page(at_desk("dispatcher"), "/desk/sensors/quality")


def test_who_drifts_is_told_with_why_and_how_far(at_desk: Any, town: Any) -> None:
    switch_on(alarm("high", above=4000))
    pks, now = [set_up(place=(10.02 + 0.01 * n, 50.05)) for n in range(5)], city_clock.now()
    for n, pk in enumerate(pks):
        said = [50 + 10 * (hour % 24) + (hour / 6 if n == 4 else 0) + hour * (n + 3) % 5 for hour in range(14 * 24)]
        bring(*((pk, now - (14 * 24 - hour) * HOUR, value) for hour, value in enumerate(said)), now=now)
    counting.count(at=now)
    dispatcher = at_desk("dispatcher")
    assert "Nobody stands still" in page(dispatcher, "/desk/sensors/quality")
    doubting.doubt(at=now)
    said = page(dispatcher, "/desk/sensors/quality")
    assert "bit by bit" in said and "4 others" in said and "Drifts" in said and said.count("<polyline") == 1
    said = page(dispatcher, "/desk/sensors/?state=doubted")
    assert said.count("Drifts") == 1 and said.count("Sound") == 0
    found = dispatcher.get("/desk/sensors.geojson").json()["features"]
    assert sorted(one["properties"]["status"] for one in found) == ["due", *["ontime"] * 4]


def test_of_more_instruments_than_a_map_bears_those_in_view_are_told(
    at_desk: Any, air: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has an alarm comes first; a thing that stands at two places is one mark."""
    things = [Thing.objects.get(datastreams=set_up(place=(10.01 + n / 100, 50.02))) for n in range(4)]
    things[0].locations.add(*things[1].locations.all())
    dispatcher = at_desk("dispatcher")

    def told(query: str = "") -> tuple[list[str], bool]:
        found = dispatcher.get(f"/desk/sensors.geojson{query}").json()
        return [one["properties"]["status"] for one in found["features"]], found["truncated"]

    assert told() == (["alarm", *["ontime"] * 4], False)
    monkeypatch.setattr(marks, "THINGS", 2)
    assert told() == (["alarm", "ontime"], True)
    assert told("?box=10.025,50.0,10.045,50.1") == (["ontime"] * 2, False)
    for nonsense in ("nan,0,0,0", "1,2,3", "x", "1e999,0,0,0"):
        assert told(f"?box={nonsense}") == (["alarm", "ontime"], True), nonsense


def test_the_map_says_what_stands_and_what_instruments_say(
    at_desk: Any, air: int, django_assert_max_num_queries: Any
) -> None:
    dispatcher = at_desk("dispatcher")
    assert "sensing-now" not in page(dispatcher, "/desk/map"), "nothing was counted yet"
    counting.count(at=city_clock.now())
    page(dispatcher, "/desk/map")
    with django_assert_max_num_queries(24):
        said = page(dispatcher, "/desk/map")
    assert "alarm stands" in said and "Alarm high" in said and "410 µg/m³" in said and "highest" in said
    mark = dispatcher.get("/desk/alarms.geojson").json()["features"][0]
    assert (mark["properties"]["status"], mark["properties"]["icon"]) == ("alarm", "bell-ringing")
    assert mark["properties"]["href"] == f"/desk/alarms/{Alarm.objects.get().pk}"
    dispatcher.post(f"/desk/alarms/{Alarm.objects.get().pk}/act", {"action": "acknowledge", "seq": "1"})
    mark = dispatcher.get("/desk/alarms.geojson").json()["features"][0]
    assert mark["properties"]["status"] == "wait", "no rings where somebody knows"
    elsewhere = at_desk("roads")
    assert elsewhere.get("/desk/alarms.geojson").json()["features"] == []
    assert "No alarm stands" in page(elsewhere, "/desk/map")


def test_a_rule_is_tried_with_other_values(at_desk: Any, air: int, monkeypatch: pytest.MonkeyPatch) -> None:
    dispatcher, path = at_desk("dispatcher"), "/desk/sensors/trial?rule=air/pm25/high&days=30"
    assert "raised 1 alarm" in page(dispatcher, path)
    assert "raised 0 alarms" in page(dispatcher, f"{path}&above=500")
    assert "does not fit the rule" in page(dispatcher, f"{path}&clear=900", 422)
    assert "must be a number" in page(dispatcher, f"{path}&above=many", 422)
    assert "no such rule" in page(dispatcher, "/desk/sensors/trial?rule=none", 422)
    monkeypatch.setattr(trying, "READINGS", 3)
    assert "about 4 readings; 3 can be looked at in one trial. Choose fewer days." in page(dispatcher, path, 422)


def test_what_is_counted_is_told_without_braces_and_a_place_without_a_dot(at_desk: Any, town: Any) -> None:
    switch_on(alarm("high", above=250), unit="{vehicles}/h")
    pk, now = set_up(symbol="{vehicles}/h"), city_clock.now()
    bring((pk, now - HOUR, 100.0), now=now)
    thing = Thing.objects.get()
    Thing.objects.update(description="")
    said = page(at_desk("dispatcher"), f"/desk/sensors/{thing.pk}")
    assert "100 vehicles/h" in said and "above 250 vehicles/h" in said and "{vehicles}" not in said
    assert re.search(r'<p class="second">[^ ·<]', said)


def test_empty_pages_say_what_will_be_there(at_desk: Any, town: Any) -> None:
    dispatcher = at_desk("dispatcher")
    assert "No alarm stands" in page(dispatcher, "/desk/alarms/")
    assert "No alarm was raised yet" in page(dispatcher, "/desk/alarms/?all=1")
    assert "No instrument is set up yet" in page(dispatcher, "/desk/sensors/")
    assert "No plate that is on watches" in page(dispatcher, "/desk/sensors/trial")


def test_a_camera_is_looked_through_on_record(town: Any, at_desk: Any) -> None:
    link, inspector = "https://video.example.org/live/gate", at_desk("inspector")
    one = eyes.register(key="gate", name="Gate", link=link, lon=10.05, lat=50.07, by=BY, at=city_clock.now())
    assert "Gate" in page(inspector, "/desk/cameras/") and "video.example.org" not in page(inspector, "/desk/cameras/")
    said = page(inspector, "/desk/cameras/gate")
    assert "Open the video system" in said and "video.example.org" not in said
    answer = inspector.post("/desk/cameras/gate/look", {"purpose": ""})
    assert answer.status_code == 422 and not Look.objects.exists()
    answer = inspector.post("/desk/cameras/gate/look", {"purpose": "The tree"})
    assert (answer.status_code, answer["Location"]) == (303, link) and Look.objects.get().camera_id == one.pk
    assert "The tree" in page(inspector, "/desk/cameras/gate")
    assert at_desk("roads").get("/desk/cameras/gate").status_code == 404
    assert at_desk("dispatcher").get("/desk/cameras/nowhere").status_code == 404
