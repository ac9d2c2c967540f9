"""Rules tried on what was measured: what they would have raised, and what people reported then and there."""

import csv
import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.doors.cli.main import cityloop
from cityloop.ground.kit import shelf
from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases.models import Case
from cityloop.loops.sensing import trying, watches
from cityloop.loops.sensing.actions import judging
from cityloop.loops.sensing.models import Alarm, Datastream, Observation
from cityloop.town.catalog import actions as catalog
from cityloop.town.orgs import authority
from cityloop.town.orgs.models import Organisation
from tests.doors.cli.typed import typed
from tests.loops.cases.smallville import PLATE, Town
from tests.loops.sensing.history.world import night
from tests.loops.sensing.instruments import AT, HOUR, bring
from tests.loops.sensing.test_importing import BEIJING
from tests.loops.sensing.watched import alarm, alarms, hear, set_up, switch_on
from tests.town.staff import BY, seat

pytestmark = pytest.mark.usefixtures("town")
HEAVY = "environmental_protection/pm25/heavy"


def tried(rule: str = "air/pm25/high", **values: Any) -> trying.Trial:
    return trying.attempt(watch=trying.changed(rule, **values), since=AT - 1, until=AT + 1000 * HOUR)


def test_what_it_would_have_raised_is_what_it_raises() -> None:
    switch_on(alarm("high", above=250, hold="2 uh", clear=200), alarm("rise", rises=100, within="2 uh"))
    pm = set_up()
    hear(pm, 90, 260, 270, 300, 340, 210, 150, 260, 260, 260, 90, 400)
    told = {rule: [(one.since, one.raised, one.over, one.worst) for one in tried(f"air/pm25/{rule}").alarms]
            for rule in ("high", "rise")}  # fmt: skip
    for rule, found in told.items():
        rows = Alarm.objects.filter(rule=f"air/pm25/{rule}").order_by("pk")
        assert [(one.since, one.raised, one.ended, one.worst) for one in rows] == found and found
    assert tried().readings == 12 and tried().instruments == 1 and Alarm.objects.count() == sum(map(len, told.values()))


def test_other_values_are_tried_without_being_set() -> None:
    switch_on(alarm("high", above=250, hold="2 uh", clear=200))
    hear(set_up(), 90, 160, 170, 180, 90)
    assert (len(tried().alarms), len(tried(above=150.0, clear=100.0).alarms)) == (0, 1)
    assert watches.watch("air/pm25/high").alarm.above == 250  # type: ignore[union-attr]
    for wrong in ({"clear": 300.0}, {"hold": "soon"}, {"hold": "4 wh"}, {"silent": "1 uh"}):
        with pytest.raises(Refusal) as refused:
            tried(**wrong)
        assert refused.value.field == next(iter(wrong))
    for wrong, said in (
        ({"clear": 150.0, "hold": "2h"}, "Give hold as a time such as 2 uh: a number and one of um, uh or d."),
        ({"hold": "4 wh"}, "Give hold as a time such as 2 uh: a number and one of um, uh or d."),
        ({"clear": 300.0}, "This does not fit the rule: clear lies on the safe side of above or below."),
    ):
        with pytest.raises(Refusal) as refused:
            tried(**wrong)
        assert str(refused.value) == said
    with pytest.raises(Refusal, match="no such rule"):
        trying.changed("air/pm25/none")


def test_silence_and_agreement_are_tried_too() -> None:
    switch_on(alarm("silent", silent="4 uh"), alarm("together", above=250, clear=200, agree=2))
    one, two = set_up(), set_up(place=(10.06, 50.08))
    bring(*((one, AT + n * HOUR, value) for n, value in ((0, 300), (1, 300), (2, 100), (9, 300))), now=AT + 20 * HOUR)
    bring(*((two, AT + n * HOUR, value) for n, value in ((1, 300), (3, 100))), now=AT + 20 * HOUR)
    assert [(a.since, a.over) for a in tried("air/pm25/silent").alarms] == [
        (AT + 2 * HOUR, AT + 9 * HOUR), (AT + 3 * HOUR, None), (AT + 9 * HOUR, None)
    ]  # fmt: skip
    watch = trying.changed("air/pm25/silent")
    late = trying.attempt(watch=watch, since=AT + 5 * HOUR, until=AT + 12 * HOUR).alarms
    assert [(a.raised, a.over) for a in late] == [(AT + 6 * HOUR, AT + 9 * HOUR), (AT + 7 * HOUR, None)]
    assert [(a.raised, a.over) for a in tried("air/pm25/together").alarms] == [(AT + HOUR, AT + 2 * HOUR)]


def test_what_was_unusual_then_is_tried_by_what_was_known_then() -> None:
    switch_on(alarm("odd", unusual=5))
    pm, weeks = set_up(), 4 * 168
    quiet = [(pm, AT + n * HOUR, 50.0 + n * 31 % 5) for n in range(-weeks, 0)]
    bring(*quiet, *((pm, AT + n * HOUR, 150.0 + n * 31 % 5) for n in range(weeks)), now=AT + weeks * HOUR)
    watch = trying.changed("air/pm25/odd")
    (one,) = trying.attempt(watch=watch, since=AT - HOUR, until=AT + weeks * HOUR).alarms
    assert one.raised == AT  # though half of the eight weeks that are looked at lie as high
    assert one.over is None  # and more than half of those four weeks would have to be over, before that is normal


def test_where_one_takes_over_from_another_they_agree_all_the_time() -> None:
    switch_on(alarm("together", above=250, clear=200, agree=2))
    one, two, three = set_up(), set_up(), set_up()
    for pk, values in (
        (one, (300, 300, 300, 300, 100)),
        (two, (300, 300, 100, 100, 100)),
        (three, (100, 100, 300, 300, 100)),
    ):
        bring(*((pk, AT + n * HOUR, value) for n, value in enumerate(values)), now=AT + 20 * HOUR)
    assert [(a.raised, a.over) for a in tried("air/pm25/together").alarms] == [(AT, AT + 4 * HOUR)]


def test_who_fell_silent_agrees_no_more_until_it_speaks_again() -> None:
    switch_on(alarm("together", above=250, clear=200, agree=2))  # one reading an hour: after three nobody knows
    one, two = set_up(), set_up(place=(10.06, 50.08))
    for hour, pk, value in ((0, one, 300), (5, two, 300), (6, two, 300), (7, one, 300), (8, two, 300), (12, two, 100)):
        hear(pk, value, start=AT + hour * HOUR)
        assert Alarm.objects.exists() == (hour >= 7)
    told = [(a.raised, a.over) for a in tried("air/pm25/together").alarms]
    assert told == [(a.raised, a.ended) for a in Alarm.objects.all()] == [(AT + 7 * HOUR, AT + 12 * HOUR)]


def test_what_people_reported_is_counted(town: Town) -> None:
    switch_on(alarm("high", above=250, clear=200, opens="nothing"))
    for lon, lat, hours in ((10.0501, 50.0701, -3), (10.05, 50.07, 30), (10.06, 50.0705, 2), (10.15, 50.02, 2)):
        town.at = AT + hours * HOUR
        town.collect(matter="smog", lon=lon, lat=lat)
    town.at = AT
    town.collect(matter="hole")
    hear(set_up(), 300, 300, 100)
    (found,) = tried().alarms
    assert len(found.reports) == 2 and tried().reported == 1


def test_it_asks_as_much_for_many_alarms_as_for_one() -> None:
    switch_on(alarm("high", above=250, clear=200))
    counts = []
    for values in ([300, 100], [300, 100] * 30):
        hear(set_up(), *values)
        with CaptureQueriesContext(connection) as asked:
            tried()
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("rule", "more"), [("high", {"above": 250, "clear": 200, "hold": "2 uh"}),
                                            ("rise", {"rises": 100, "within": "2 uh"}), ("silent", {"silent": "4 uh"}),
                                            ("together", {"above": 250, "clear": 200, "agree": 2})])  # fmt: skip
def test_it_is_looked_at_in_stretches_and_tells_the_same(
    monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path, rule: str, more: dict[str, Any]
) -> None:
    settings.HISTORY, settings.HOT_DAYS = tmp_path / "history", 2
    switch_on(alarm(rule, **more))
    one, two = set_up(), set_up(place=(10.06, 50.08))
    for pk, times in ((one, range(200)), (two, range(0, 200, 7))):
        bring(*((pk, AT + n * HOUR, 400.0 if n // 9 % 3 else 90.0) for n in times), now=AT + 200 * HOUR)
    whole = tried(f"air/pm25/{rule}")
    assert whole.alarms and whole.readings == 229
    monkeypatch.setattr(trying, "AT_ONCE", 10)
    assert tried(f"air/pm25/{rule}") == whole
    night(AT + 200 * HOUR)
    assert Observation.objects.count() < 100
    assert tried(f"air/pm25/{rule}") == whole


def test_more_than_can_be_looked_at_is_refused_before_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    switch_on(alarm("high", above=250, clear=200))
    hear(set_up(), *[300.0, 100.0] * 12)
    monkeypatch.setattr(trying, "READINGS", 20)
    with CaptureQueriesContext(connection) as asked, pytest.raises(Refusal, match="about 24 readings; 20 can") as no:
        tried()
    assert (no.value.code, no.value.field) == ("sensing.trial.much", "days")
    assert not any("sensing_observation" in one["sql"] for one in asked)
    watch = trying.changed("air/pm25/high")
    assert trying.attempt(watch=watch, since=AT + 12 * HOUR, until=AT + 24 * HOUR).readings == 12
    assert typed("alarms", "try", "air/pm25/high", "--since", "2025-12-01")[0] != 0


def test_readings_closer_together_than_was_thought_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    switch_on(alarm("high", above=250, clear=200))
    pm = set_up()
    hear(pm, 100.0, start=AT - 5000 * HOUR)
    hear(pm, *[300.0, 100.0] * 12)
    monkeypatch.setattr(trying, "READINGS", 20)
    with pytest.raises(Refusal, match="Choose fewer days"):
        tried()


def test_on_the_command_line() -> None:
    switch_on(alarm("high", above=250, clear=200))
    pm = set_up()
    hear(pm, 300, 100)
    code, told = typed("alarms", "try", "air/pm25/high", "--since", "2025-12-01", "--until", "2026-02-01")
    assert code == 0 and (told["alarms"], told["readings"], told["reported"]) == (1, 2, 0)
    assert told["found"][0]["datastream"] == pm and told["found"][0]["worst"] == 300
    assert typed("alarms", "try", "air/pm25/high", "--above", "400", "--since", "2025-12-01")[1]["alarms"] == 0
    code, rules = typed("alarms", "rules")
    assert [(one["rule"], one["instruments"]) for one in rules] == [("air/pm25/high", 1)]
    assert [one["state"] for one in typed("alarms", "list", "--all")[1]] == ["cleared"] and not typed("alarms", "list")[
        1
    ]


def test_what_is_listed_at_a_terminal_says_nothing_of_python() -> None:
    switch_on(alarm("silent", silent="4 uh"), unit="{vehicles}/h")
    one, _other = set_up(symbol="{vehicles}/h"), set_up()
    bring((one, AT, 1.0), (one, AT + 9 * HOUR, 2.0), now=AT + 9 * HOUR)
    tried_ = ("alarms", "try", "air/pm25/silent", "--since", "2025-12-01", "--until", "2026-02-01")
    rules, found = (CliRunner().invoke(cityloop, words).output for words in (["alarms", "rules"], tried_))
    assert "1 instruments, 1 in another unit of measurement" in rules
    assert "Z  –\n" in found and "None" not in found


# --- the real air of Beijing ----------------------------------------------------------------------


def station(shared_data: Path, name: str, first: str, last: str) -> list[tuple[int, float]]:
    """Read a station's fine dust straight from the file: times and values, without those that are missing."""
    with gzip.open(shared_data / "sensors" / "beijing_air_6stations.csv.gz", "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["station"] == name and first <= row["time"] < last]
    return [
        (round(datetime.fromisoformat(row["time"]).timestamp() * 1e6), float(row["PM2.5"]))
        for row in rows
        if row["PM2.5"]
    ]


def heavy(readings: list[tuple[int, float]]) -> list[tuple[int, int]]:
    """Say in the plainest way when the rule `heavy` raises an alarm and when it is over."""
    found: list[tuple[int, int]] = []
    since = raised = last = 0
    for at, value in readings:
        if since and not raised and at - last > 3 * HOUR:
            since = 0
        if value > 250:
            since = since or at
            raised = raised or (at if at - since >= 2 * HOUR else 0)
        elif raised and value <= 200:
            found.append((raised, at))
            since = raised = 0
        elif not raised:
            since = 0
        last = at
    return [*found, (raised, 0)] if raised else found


def air(town: Town) -> None:
    catalog.publish(plates=[PLATE, shelf.take("environmental_protection").manifest], by=BY, at=AT)


def test_the_rules_are_tried_on_the_air_of_beijing(town: Town, tmp_path: Path, shared_data: Path, prove: bool) -> None:
    """The last winter of two stations; four years of six stations with `make prove`."""
    air(town)
    source, names, first = shared_data / "sensors" / "beijing_air_6stations.csv.gz", ["Dongsi", "Changping"], "2016-11"
    if prove:
        names, first = ["Aotizhongxin", "Changping", "Dongsi", "Guanyuan", "Huairou", "Tiantan"], "2013-01"
    else:
        with gzip.open(source, "rt", encoding="utf-8") as file:
            head, *rows = file
        source = tmp_path / "air.csv"
        kept = [row for row in rows if row.split(",")[0] in names and row.split(",")[1] >= first]
        source.write_text(head + "".join(kept))
    words = ["import", "readings", str(source), "--map", str(BEIJING), "--rejects", str(tmp_path / "no.csv")]
    code, told = typed(*words)
    assert code in (0, 1) and told["accepted"] + told["quarantined"] == told["readings"] == told["rows"] * 12
    assert not Alarm.objects.exists()  # what is long past raises nothing today
    code, made = typed("alarms", "try", HEAVY, "--since", "2013-01-01", "--until", "2017-03-02")
    expected = {name: heavy(station(shared_data, name, first, "2018")) for name in names}
    found: dict[str, list[tuple[str, str | None]]] = {name: [] for name in names}
    for one in made["found"]:
        found[one["place"]].append((one["raised"], one["over"]))
    assert {name: len(times) for name, times in found.items()} == {name: len(e) for name, e in expected.items()}
    assert made["instruments"] == len(names) and made["alarms"] > 8 * len(names)


def test_a_real_episode_becomes_a_case_that_travels_to_closed(town: Town, shared_data: Path) -> None:
    """Dongsi, 15 to 24 December 2016, moved by whole weeks to when the town is there, hour by hour."""
    air(town)
    pm = set_up(observed="environmental_protection/pm25")
    for real, value in station(shared_data, "Dongsi", "2016-12-15", "2016-12-25"):
        time = real + 500 * 7 * 24 * HOUR
        bring((pm, time, value), now=time + HOUR // 60)
        judging.judge(at=time + HOUR // 60)
        if Case.objects.exists() and not town.accounts.get("lead"):
            _worked(town, time + 2 * (HOUR // 60))
    told = [(rule, state) for rule, state, _worst in alarms()]
    assert ("heavy", "cleared") in told and ("day_mean", "cleared") in told and ("heavy", "raised") not in told
    case = Case.objects.earliest("pk")  # what came after it was closed is a case of its own
    assert (case.channel, case.state, case.resolution) == ("instrument", "closed", "solved")
    code, ledger = typed("ledger", "verify", "--rebuild")
    assert code == 0, json.dumps(ledger)


def _worked(town: Town, at: int) -> None:
    """Let those who are responsible deal with the case, and others check and close it."""
    case = Case.objects.get()
    town.at = at
    for name, org in (("lead", "subdistrict"), ("sampler", "ecology_monitoring")):
        town.accounts[name] = seat(Organisation.objects.get(key=org), "department_officer", "", 0)
    assert case.state == "dispatched" and authority.actors(town.accounts["lead"], at)
    for action, who, data in (
        ("accept", "lead", {}), ("accept", "sampler", {}), ("report_back", "sampler", {"words": "Driven round"}),
        ("report_back", "lead", {"words": "Sites stopped, lorries turned back"}), ("submit", "dispatcher", {}),
        ("pass", "inspector", {"words": "Seen"}), ("close", "shift", {}),
    ):  # fmt: skip
        town.take(case.pk, action, who, **data)


def test_streams_that_measure_nothing_known_are_let_be() -> None:
    switch_on(alarm("high", above=250))
    pm = set_up(observed="other/pm25")
    hear(pm, 300)
    assert alarms() == [] and Datastream.objects.count() == 1 and tried().instruments == 0
