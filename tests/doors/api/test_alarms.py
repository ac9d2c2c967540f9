"""Alarms through the JSON door: on the list of who must act, with what may be done about them."""

from typing import Any

from cityloop.loops.sensing.actions import judging
from cityloop.town.calendar.clock import city_clock
from tests.doors.api.conftest import ask
from tests.loops.cases.smallville import Town
from tests.loops.sensing.instruments import bring
from tests.loops.sensing.watched import alarm, set_up, switch_on


def test_an_alarm_is_on_the_worklist_of_who_must_answer_it(town: Town, key: Any) -> None:
    def alarms(who: str) -> list[Any]:
        return [one for one in ask("GET", "/api/v1/worklist", key(who)).body["items"] if one["loop"] == "alarm"]

    switch_on(alarm("high", above=75.0, opens="nothing"))
    now = city_clock.now()
    bring((set_up(), now - 1, 90.0), now=now)
    judging.judge(at=now)
    (found,) = alarms("dispatcher")
    assert (found["number"], found["what"], found["actions"]) == ("", "raised", found["href"])
    assert alarms("police") == []
    told = ask("GET", found["href"], key("dispatcher")).body
    assert told["state"] == "raised" and "acknowledge" in told["actions"]
    done = ask("POST", f"{found['href']}/actions/acknowledge", key("dispatcher"), {})
    assert done.status == 200 and done.body["state"] == "acknowledged"
    assert [one["what"] for one in alarms("dispatcher")] == ["acknowledged"]
