"""The wall: what a room may read, view by view; composed at the desk, kept in its address."""

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client

from cityloop.doors.web.wall import figures, views
from cityloop.doors.web.wall.turns import Wall
from cityloop.loops.cases import pressing
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.pressing import Ended, Lately
from cityloop.loops.sensing.actions import counting, judging
from cityloop.loops.sensing.models import Alarm
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.orgs import authority
from cityloop.town.worklist.models import Row
from tests.doors.web.conftest import number
from tests.loops.cases.smallville import MINUTE, Town
from tests.loops.sensing.instruments import HOUR, bring
from tests.loops.sensing.watched import alarm, set_up, switch_on
from tests.steady import steady

ALL = "/wall/?show=city,40&show=cases,30,100102&show=sensing,20&within=95&over=1"
Desk = Callable[[str], Client]


def page(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return html.unescape(answer.content.decode())


def part(said: str, name: str) -> str:
    """Give a live part of the page, as words."""
    found = re.search(rf'data-live="wall-{name}".*?(?=data-live="|</footer>)', said, re.S)
    assert found, name
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0]))


@pytest.fixture
def air(town: Town) -> int:
    """An hour of bad air in the square, just now: an alarm that stands, on a case that it opened."""
    switch_on(alarm("high", above=250, clear=200))
    pm, now = set_up(), city_clock.now()
    for hours, value in ((3, 90), (2, 180), (1, 320), (0, 410)):
        bring((pm, now - hours * HOUR - 1, float(value)), now=now)
        judging.judge(at=now)
    counting.count(at=now)
    return pm


def test_an_address_without_views_is_completed(at_desk: Desk, air: int) -> None:
    answer = at_desk("dispatcher").get("/wall/")
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer["Location"]).query) == {"show": ["city,40", "cases,40", "sensing,40"]}
    page(at_desk("dispatcher"), answer["Location"])


def test_a_town_without_instruments_has_no_view_of_them(at_desk: Desk) -> None:
    assert "sensing" not in at_desk("dispatcher").get("/wall/")["Location"]


def test_who_may_look(at_desk: Desk, client: Client) -> None:
    assert "/desk/sign-in" in client.get(ALL)["Location"]
    assert client.get("/wall/marks.geojson").status_code == 302


def test_the_city_in_figures_with_lists_behind_them(at_desk: Desk, town: Town) -> None:
    town.to("closed")
    town.to("handling")
    late = town.to("filed")
    Case.objects.filter(pk=late).update(due=city_clock.now() - MINUTE)
    said = page(at_desk("dispatcher"), ALL)
    told = part(said, "left")
    assert re.search(r"Open now 2 ", told) and re.search(r"Overdue now 1 ", told)
    assert "50.0 % of open, target 1 %" in told and "Closed in time, 24 h 100 %" in told
    for door in ("state=open&unit=1001", "late=1&unit=1001", "state=closed&unit=1001"):
        assert f'href="/desk/cases/?{door}"' in said
    assert number(late) in page(at_desk("dispatcher"), "/desk/cases/?late=1&unit=1001")


def test_a_day_hour_by_hour() -> None:
    now = 100 * HOUR
    gone = [Ended(now - 1, HOUR, True, False), Ended(now - 5 * HOUR, HOUR, True, True), Ended(now - 2, 0, False, False)]
    assert figures.by_hour(gone, now) == [0] * 18 + [1] + [0] * 4 + [2]
    assert figures.hourly([one for one in gone if one.closed], now) == [50] * 18 + [0] * 5 + [100]
    assert figures.share([]) is None
    late = Lately([Ended(now - 5 * HOUR, HOUR, True, True, due=now - 7 * HOUR - 1)], [now - 3 * HOUR, now - 1])
    assert figures.late_by_hour(9, late, now) == [7] * 16 + [8] * 2 + [7, 7] + [7] + [8] * 2 + [9]


def test_times_that_cannot_be_right_and_limits_of_others_stay_out(at_desk: Desk, town: Town) -> None:
    right, zero, imported = (town.to("closed") for _ in range(3))
    for hours, case in enumerate((right, zero, imported), 2):
        row = Case.objects.get(pk=case)
        Case.objects.filter(pk=case).update(created=(row.closed or 0) - hours * HOUR)
    Case.objects.filter(pk=zero).update(marked="zero_time")
    Case.objects.filter(pk=imported).update(origin="import")
    Row.objects.filter(what="handling", subject_id=zero).update(mark=100)
    cache.clear()
    scope = authority.scope(town.accounts["dispatcher"], town.at)
    gone = pressing.lately(scope, "1001", town.at, town.at - 24 * HOUR).ended
    assert sorted((one.took, one.timed, one.limited) for one in gone) == [
        (2 * HOUR, True, True), (3 * HOUR, False, False), (4 * HOUR, True, False),
    ]  # fmt: skip
    assert figures.took(gone, "1001", town.at).value == "3 h"
    assert figures.within(gone, Wall(()), "1001", town.at).value == "100 %"


def test_what_needs_a_decision(at_desk: Desk, town: Town, air: int) -> None:
    case = town.to("handling")
    town.take(case, "extend", "parks", words="Rain", by="2 wd")
    Case.objects.filter(pk=case).update(due=city_clock.now() - MINUTE)
    told = part(page(at_desk("dispatcher"), ALL), "decisions")
    first, second, third = told.index("Alarm high"), told.index("1 case overdue"), told.index("Ask for an extension")
    assert first < second < third and "410 µg/m³; above 250 µg/m³" in told and "Rain" not in told
    found = Alarm.objects.get()
    at_desk("dispatcher").post(f"/desk/alarms/{found.pk}/act", {"action": "acknowledge", "seq": "1"})
    told = part(page(at_desk("dispatcher"), ALL), "decisions")
    assert "Alarm high" not in told and "Ask for an extension" in told
    elsewhere = part(page(at_desk("dispatcher"), ALL + "&at=1"), "decisions")
    assert "Ask for" not in elsewhere and "Nothing needs a decision now" in elsewhere


def test_in_a_storm_the_gravest_alarm_is_not_hidden_by_the_newest(at_desk: Desk, town: Town, air: int) -> None:
    Alarm.objects.update(severity="extreme")
    one = Alarm.objects.get()
    named = one.place
    small = {"severity": "minor", "place": "A side street", "datastream": None, "pk": None}
    Alarm.objects.bulk_create(copied(one, about=f"unit:{n}", **small) for n in range(views.ALARMS + 5))
    said = page(at_desk("dispatcher"), ALL + "&at=2")
    assert f"{views.ALARMS + 6} " in part(said, "left") and "410 µg/m³" in part(said, "left")
    assert part(page(at_desk("dispatcher"), ALL), "decisions").count("Alarm high") >= 1
    marks = at_desk("dispatcher").get("/wall/marks.geojson?of=sensing").json()["features"]
    labelled = [one["properties"]["place"] for one in marks if one["properties"].get("labelled")]
    assert labelled == [named or "Square"] and len(marks) >= views.ALARMS


def copied(one: Alarm, **changed: Any) -> Alarm:
    """Give an alarm like another one, but for some fields."""
    fields = {field.attname: getattr(one, field.attname) for field in Alarm._meta.concrete_fields}
    return Alarm(**{**fields, "id": changed.pop("pk"), "datastream_id": changed.pop("datastream"), **changed})


def test_nothing_to_decide_is_said(at_desk: Desk, town: Town) -> None:
    said = page(at_desk("dispatcher"), ALL)
    assert "Nothing needs a decision now" in part(said, "decisions") and "No steps yet" in part(said, "ribbon")


def test_the_last_steps_the_newest_first(at_desk: Desk, town: Town) -> None:
    town.to("handling", lon=10.01)
    told = part(page(at_desk("dispatcher"), ALL), "ribbon")
    assert told.index("Handling") < told.index("Filed") < told.index("Collected")


def test_the_wall_tells_a_room_nothing_private(at_desk: Desk, town: Town) -> None:
    secret = town.to("filed", matter="secret", words="zqwords", address="zqaddress 12")
    Case.objects.filter(pk=secret).update(due=city_clock.now() - MINUTE)
    chief = at_desk("commander")
    assert "zqaddress" in page(chief, f"/desk/cases/{number(secret)}"), "who looks may see it at the desk"
    for at in range(3):
        said = page(chief, f"{ALL}&at={at}")
        assert "zqwords" not in said and "zqaddress" not in said and "Secret" not in said
    assert Case.objects.get(pk=secret).level > 0
    assert all(number(secret) != one["properties"]["id"] for one in chief.get("/wall/marks.geojson").json()["features"])


def test_the_instruments_with_the_chart_of_the_worst(at_desk: Desk, air: int) -> None:
    said = page(at_desk("dispatcher"), ALL + "&at=2")
    told = part(said, "left")
    assert "Alarms that stand 1" in told and "1 nobody has looked at" in told and "410 µg/m³" in told
    worst = said[said.index('data-live="wall-worst"') :]
    assert "Alarm high" in worst and "<polyline" in worst and 'class="limit"' in worst
    assert "wall-worst" in page(at_desk("dispatcher"), ALL) and "<figure" not in page(at_desk("dispatcher"), ALL)


def test_marks_of_alarms_ring_until_somebody_knows(at_desk: Desk, air: int) -> None:
    dispatcher = at_desk("dispatcher")
    for kind in ("city", "sensing"):
        told = dispatcher.get(f"/wall/marks.geojson?of={kind}&unit=").json()["features"]
        assert [(one["properties"]["status"], one["properties"]["labelled"]) for one in told] == [("alarm", True)]
    one = Alarm.objects.get()
    dispatcher.post(f"/desk/alarms/{one.pk}/act", {"action": "acknowledge", "seq": "1"})
    told = dispatcher.get("/wall/marks.geojson").json()["features"]
    assert [(one["properties"]["status"], one["properties"]["labelled"]) for one in told] == [("wait", False)]
    assert dispatcher.get("/wall/marks.geojson?unit=100102").json()["features"] == []
    assert at_desk("roads").get("/wall/marks.geojson").json()["features"] == []


def test_marks_of_cases_that_press(at_desk: Desk, town: Town) -> None:
    now = city_clock.now()
    for due in (now - MINUTE, now + 10 * MINUTE, now + 1000 * HOUR):
        case = town.to("filed", lon=10.01)
        Case.objects.filter(pk=case).update(due=due, created=now - 50 * MINUTE)
    told = at_desk("dispatcher").get("/wall/marks.geojson?of=city").json()["features"]
    assert [one["properties"]["status"] for one in told] == ["over", "due"]


def test_views_come_by_turns_without_a_script_too(at_desk: Desk) -> None:
    said = page(at_desk("dispatcher"), ALL)
    assert "Next: " in said and 'content="40; url=/wall/?' in said and "&at=1" in said
    last = page(at_desk("dispatcher"), ALL + "&at=2")
    assert 'content="20; url=/wall/?show=city,40&show=cases,30,100102&show=sensing,20&within=95&over=1"' in last
    held = page(at_desk("dispatcher"), ALL + "&at=1&hold=1")
    assert 'content="30; url=/wall/?' in held and "&at=1&hold=1" in held and "Held still" in held


def test_what_an_address_says_wrongly_is_left_out(at_desk: Desk) -> None:
    said = page(at_desk("dispatcher"), "/wall/?show=nothing,40&show=city,1&show=city,40,999999&show=cases,30&at=99")
    assert len(re.findall(r'<li><a href="/wall/', said)) == 1 and "Overdue cases" in said
    assert at_desk("dispatcher").get("/wall/?show=x").status_code == 302


def test_the_wall_is_composed_at_the_desk(at_desk: Desk, air: int) -> None:
    dispatcher = at_desk("dispatcher")
    said = page(dispatcher, "/desk/wall")
    assert said.count('name="view"') == 5 and "Instruments and alarms" in said
    sent = "view=sensing&stay=25&area=&view=city&stay=60&area=100101&view=&stay=40&area=&within=90&over="
    answer = dispatcher.get(f"/desk/wall?{sent}")
    assert answer["Location"] == "/wall/?show=sensing,25&show=city,60,100101&within=90"
    again = page(dispatcher, answer["Location"])
    assert "/desk/wall?show=sensing,25&show=city,60,100101&within=90" in again
    form = page(dispatcher, "/desk/wall?show=sensing,25&show=city,60,100101&within=90")
    assert 'value="25"' in form and '<option value="100101" selected>' in form and 'value="90"' in form


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("view=city&stay=5&area=", "whole seconds from 10 to 3600"),
        ("view=city&stay=soon&area=", "whole seconds from 10 to 3600"),
        ("view=nothing&stay=40&area=", "There is no such view"),
        ("view=city&stay=40&area=777", 'aria-describedby="wrong-0"'),
        ("view=&stay=40&area=", "Choose at least one view"),
        ("view=city&stay=40&area=&within=200", "from 0 to 100"),
    ],
)
def test_what_is_composed_wrongly_is_said_at_its_field(at_desk: Desk, town: Town, sent: str, said: str) -> None:
    assert said in page(at_desk("dispatcher"), f"/desk/wall?{sent}", 422)


def test_a_screen_stays_signed_in(at_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    dispatcher = at_desk("dispatcher")
    dispatcher.get(ALL)
    assert "sessionid" not in dispatcher.get(ALL).cookies, "once a day is enough"
    later = real_now() + 86_400_000_000
    monkeypatch.setattr(views, "real_now", lambda: later)
    assert dispatcher.get(ALL).cookies["sessionid"]["max-age"] > 13 * 86_400


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("who", ["dispatcher", "parks"])
def test_statements(
    at_desk: Desk,
    town: Town,
    air: int,
    who: str,
    at: int,
    settings: Any,
    django_assert_max_num_queries: Any,
) -> None:
    steady(settings)
    looks = at_desk(who)
    page(looks, f"{ALL}&at={at}")
    for lon in (10.01, 10.02, 10.15, 10.16):
        town.to("closed", lon=lon)
        town.take(town.to("handling", lon=lon), "extend", "parks", words="Rain", by="2 wd")
    page(looks, f"{ALL}&at={at}&hold=1")
    cache.clear()  # the figures of a minute are counted anew
    with django_assert_max_num_queries(12):
        page(looks, f"{ALL}&at={at}")
