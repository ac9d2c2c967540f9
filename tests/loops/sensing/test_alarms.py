"""An alarm is raised once, follows its readings, opens a case or joins one, and says when it is over."""

import math
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases.models import Case
from cityloop.loops.sensing import watches
from cityloop.loops.sensing.actions import alarming, judging, silences
from cityloop.loops.sensing.models import Alarm, Arrived, Stand
from cityloop.town.catalog import actions as catalog
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import verify
from cityloop.town.orgs import authority
from cityloop.town.worklist.models import Row
from tests.loops.cases.smallville import Town
from tests.loops.sensing.instruments import AT, HOUR, bring
from tests.loops.sensing.watched import MINUTE, alarm, alarms, hear, set_up, switch_on

pytestmark = pytest.mark.usefixtures("town")


def test_from_a_reading_to_a_case_on_a_list_and_back_to_normal(town: Town) -> None:
    switch_on(alarm("high", above=250, hold="2 uh", clear=200))
    pm = set_up()
    time = hear(pm, 90, 260, 270)
    assert alarms() == [] and Stand.objects.get().phase == 1
    time = hear(pm, 300, 340, start=time)
    (raised,) = Alarm.objects.all()
    assert (raised.state, raised.since, raised.raised, raised.worst) == ("raised", AT + HOUR, AT + 3 * HOUR, 340.0)
    case = Case.objects.get()
    assert (raised.case, raised.opened, raised.unit_code) == (case.pk, True, "100101001")
    assert (case.state, case.matter, case.channel, case.lead_org) == (
        "dispatched", "smog", "instrument", town.orgs["parks"].pk
    )  # fmt: skip
    assert Row.objects.filter(loop="alarm", subject_id=raised.pk, role="dispatcher", ended=None).count() == 1
    hear(pm, 210, start=time)
    assert alarms() == [("high", "raised", 340.0)]
    hear(pm, 150, start=time + HOUR)
    raised.refresh_from_db()
    assert (raised.state, raised.value, raised.worst) == ("cleared", 150.0, 340.0)
    assert not Row.objects.filter(loop="alarm", ended=None).exists()
    told = Step.objects.filter(subject=case.subject, what="instrument").order_by("seq")
    assert [step.name for step in told] == ["air/pm25/high"] * 2
    steps = Step.objects.filter(subject=raised.subject).order_by("seq").values_list("what", flat=True)
    assert list(steps) == ["raise", "clear"] and not list(verify())


def test_a_second_alarm_about_the_same_joins_the_case(town: Town) -> None:
    switch_on(alarm("high", above=250))
    first, near, far = set_up(), set_up(place=(10.0502, 50.0701)), set_up(place=(10.15, 50.02))
    for pk in (first, near, far):
        hear(pk, 300)
    rows = list(Alarm.objects.order_by("pk").values_list("case", "opened"))
    assert rows[0][0] == rows[1][0] != rows[2][0] and [opened for _case, opened in rows] == [True, False, True]
    assert Case.objects.count() == 2


def test_what_people_reported_is_joined_too(town: Town) -> None:
    switch_on(alarm("high", above=250))
    town.at = AT - HOUR
    reported = town.collect(matter="smog", words="It stinks")
    hear(set_up(), 300)
    assert Alarm.objects.get().case == reported.case and Case.objects.count() == 1


def test_it_is_raised_once_while_it_stands_and_again_after_it_was_over() -> None:
    switch_on(alarm("high", above=250, clear=200))
    pm = set_up()
    hear(pm, 300, 310, 220, 300, 150, 300)
    assert alarms() == [("high", "cleared", 310.0), ("high", "raised", 300.0)]


def test_a_calm_reading_begins_the_time_anew() -> None:
    switch_on(alarm("high", above=250, hold="2 uh"))
    time = hear(set_up(), 260, 100, 260, 270)
    assert alarms() == []
    hear(int(Stand.objects.get().datastream_id), 280, start=time)
    assert len(alarms()) == 1 and Alarm.objects.get().since == AT + 2 * HOUR


def test_readings_judged_together_are_judged_as_one_by_one() -> None:
    switch_on(alarm("high", above=250, hold="1 uh", clear=200))
    one, other = set_up(), set_up(place=(10.15, 50.02))
    values = [100.0, 260, 300, 190, 260, 260, 280, 210]
    hear(one, *values)
    now = AT + len(values) * HOUR
    bring(*((other, AT + n * HOUR, value) for n, value in reversed(list(enumerate(values)))), now=now)
    assert judging.judge(at=now) == len(values) and not Arrived.objects.exists()
    told = Alarm.objects.order_by("pk").values_list("since", "raised", "state", "worst")
    found = {pk: list(told.filter(datastream=pk)) for pk in (one, other)}
    assert found[one] == found[other] and len(found[one]) == 2
    # The first of the other one was over when it was judged: it stands on record, and opened nothing.
    assert list(Alarm.objects.filter(datastream=other).order_by("pk").values_list("case", flat=True))[0] == 0


def test_what_is_late_or_old_raises_nothing_twice() -> None:
    switch_on(alarm("high", above=250, clear=200))
    pm = set_up()
    time = hear(pm, 300, 150)
    bring((pm, AT + 30 * MINUTE, 400.0), now=time)
    judging.judge(at=time)
    assert alarms() == [("high", "cleared", 300.0)]
    bring((pm, time - 60 * HOUR, 900.0), now=time)
    assert not Arrived.objects.exists()
    # Late, but nothing newer had said anything: a peak that arrives after a calm reading is not missed.
    calm = set_up(place=(10.15, 50.02))
    bring((calm, time, 100.0), now=time)
    bring((calm, time - 5 * MINUTE, 500.0), now=time)
    judging.judge(at=time)
    assert [one.worst for one in Alarm.objects.filter(datastream=calm)] == [500.0]


def test_another_unit_is_not_judged_and_no_number_neither() -> None:
    switch_on(alarm("high", above=250))
    wrong = set_up(symbol="mg/m3")
    hear(wrong, 300)
    right = set_up(symbol="µg/m³")
    bring((right, AT, math.nan), (right, AT + 1, "Infinity"), now=AT)
    assert judging.judge(at=AT) == 0 and alarms() == []
    hear(right, 300)
    assert len(alarms()) == 1


def test_silence_is_noticed_once_and_ends_with_the_next_reading() -> None:
    switch_on(alarm("silent", silent="4 uh", opens="report"))
    pm, gone = set_up(), set_up(place=(10.15, 50.02))
    hear(gone, 5, start=AT - 200 * HOUR)
    hear(pm, 5, 6)
    last = AT + HOUR
    assert silences.listen(at=last + 4 * HOUR) == 0
    assert silences.listen(at=last + 4 * HOUR + 1) == 1
    assert silences.listen(at=last + 6 * HOUR) == 0
    (one,) = Alarm.objects.all()
    assert (one.datastream_id, one.since, one.state) == (pm, last, "raised")
    assert Case.objects.get().state == "collected"  # people look at it first
    hear(pm, 7, start=last + 7 * HOUR)
    one.refresh_from_db()
    assert one.state == "cleared"
    assert silences.listen(at=last + 12 * HOUR) == 1 and Alarm.objects.count() == 2


def test_who_speaks_while_others_silences_are_told_is_not_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    switch_on(alarm("silent", silent="4 uh"))
    monkeypatch.setattr(silences, "FEW", 1)
    first, second, both = set_up(), set_up(), AT + 9 * HOUR
    hear(first, 5)
    hear(second, 5, start=AT + HOUR)
    real = silences.apply

    def speaks(found: Any, at: int) -> None:
        if [one.bound.datastream for one in found] == [first]:
            hear(second, 6, start=both)
        real(found, at)

    monkeypatch.setattr(silences, "apply", speaks)
    assert silences.listen(at=both) == 1
    assert [one.datastream_id for one in Alarm.objects.all()] == [first]


def test_silence_in_another_unit_of_measurement_raises_nothing_that_no_reading_would_end() -> None:
    switch_on(alarm("silent", silent="4 uh"))
    other, last = set_up(symbol="mg/m3"), hear(set_up(), 100) - HOUR
    hear(other, 100)
    assert silences.listen(at=last + 5 * HOUR) == 1 and Alarm.objects.get().datastream_id != other


def test_a_feed_that_breaks_is_one_alarm() -> None:
    switch_on(alarm("silent", silent="4 uh", opens="report"))
    streams = [set_up() for _ in range(14)]
    for pk in streams[2:]:
        hear(pk, 5)
    now = AT + 5 * HOUR
    for pk in streams[:2]:
        hear(pk, 5, start=now - HOUR)
    assert silences.listen(at=now) == 1 and silences.listen(at=now) == 0
    (one,) = Alarm.objects.all()
    assert (one.about, one.datastream, one.place, one.case) == ("feed:air/pm25/silent", None, "12", 0)
    for pk in streams[4:]:
        hear(pk, 6, start=now)
    assert silences.listen(at=now + 1) == 2
    assert [row[1] for row in alarms()] == ["cleared", "raised", "raised"] and Case.objects.count() == 1


def test_many_alarms_at_once_are_written_a_few_at_a_time() -> None:
    switch_on(alarm("high", above=250, clear=200))
    streams = [set_up(place=(10.01 + n / 400, 50.02)) for n in range(24)]
    bring(*((pk, AT, 300.0) for pk in streams), *((pk, AT - 1, 100.0) for pk in streams), now=AT)
    assert judging.judge(at=AT) == 48 and judging.judge(at=AT) == 0
    assert Alarm.objects.count() == 24 and not Arrived.objects.exists()


def test_things_of_a_unit_must_agree() -> None:
    switch_on(alarm("crowd", above=250, clear=200, agree=2))
    one, two, elsewhere = set_up(), set_up(place=(10.06, 50.08)), set_up(place=(10.15, 50.02))
    hear(one, 300)
    hear(elsewhere, 300)
    assert alarms() == []
    hear(two, 300, start=AT + MINUTE)
    (raised,) = Alarm.objects.all()
    assert (raised.about, raised.datastream) == ("unit:100101001", None) and raised.case
    hear(one, 100, start=AT + HOUR)
    raised.refresh_from_db()
    assert raised.state == "cleared"


@pytest.mark.django_db(transaction=True)
def test_two_judges_at_once_count_those_who_agree_together() -> None:
    """Each judges one of them: whoever counts second sees what the first kept."""
    switch_on(alarm("crowd", above=250, clear=200, agree=2))
    one, two, three = set_up(), set_up(place=(10.06, 50.08)), set_up(place=(10.04, 50.06))
    at_once(one, two, 300, AT)
    assert alarms() == [("crowd", "raised", 300.0)]
    hear(three, 300, start=AT + MINUTE)
    at_once(one, two, 100, AT + HOUR)
    assert alarms() == [("crowd", "cleared", 300.0)]


def at_once(one: int, two: int, value: float, time: int) -> None:
    """Let two judges hear one reading each, the second before the first is done."""
    for partition, pk in enumerate((one, two), 1):
        waiting = list(Arrived.objects.values_list("pk", flat=True))
        bring((pk, time, value), now=time)
        Arrived.objects.exclude(pk__in=waiting).update(partition=partition)
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            assert judging.judge(at=time, partition=1) == 1
            judging_too = other.submit(judge_elsewhere, time, 2)
            wait([judging_too], timeout=0.5)
        assert judging_too.result(timeout=20) == 1


def judge_elsewhere(time: int, partition: int) -> int:
    try:
        return judging.judge(at=time, partition=partition)
    finally:
        connection.close()


@pytest.mark.parametrize(("condition", "values", "expected"), [
    ({"above": 250, "times": 3, "within": "4 uh"}, [300, 100, 300, 300, 100], 1),
    ({"above": 250, "times": 3, "within": "4 uh"}, [300, 100, 300, 100, 300, 100], 0),
    ({"rises": 100, "within": "2 uh"}, [50, 100, 155, 160], 1),
    ({"rises": 100, "within": "1 uh"}, [50, 100, 155, 160], 0),
    ({"falls": 100, "within": "2 uh"}, [300, 260, 190], 1),
    ({"below": 10, "hold": "1 uh"}, [20, 5, 4], 1),
])  # fmt: skip
def test_each_kind_of_rule(condition: dict[str, Any], values: list[float], expected: int) -> None:
    switch_on(alarm("one", **condition))
    hear(set_up(), *values)
    assert len(alarms()) == expected


def test_what_is_unusual_for_the_hour(settings: Any) -> None:
    from cityloop.loops.sensing import normals

    switch_on(alarm("odd", unusual=5))
    pm = set_up()
    start = AT - 5 * 168 * HOUR
    bring(*((pm, start + n * HOUR, 50.0 + (20 if n % 24 < 12 else 0) + n * 31 % 5) for n in range(5 * 168)), now=AT)
    assert normals.renew(at=AT) == 1
    hear(pm, 72, start=AT)
    assert alarms() == []
    hear(pm, 140, start=AT + HOUR)
    assert alarms() == [("odd", "raised", 140.0)]


def test_people_acknowledge_and_dismiss(town: Town) -> None:
    switch_on(alarm("high", above=250, clear=200))
    pm = set_up(place=(10.15, 50.02))
    hear(pm, 300)
    one = Alarm.objects.get()
    town.at = AT + HOUR
    dispatcher, scope = town.actor("dispatcher"), authority.scope(town.accounts["dispatcher"], town.at)
    inspector = authority.scope(town.accounts["inspector_east"], town.at)
    with pytest.raises(Refusal, match="no such alarm"):
        alarming.take(
            alarm=one.pk, act=Act("acknowledge"), by=town.actor("inspector_east"), at=town.at, scope=inspector
        )
    one = alarming.take(alarm=one.pk, act=Act("acknowledge"), by=dispatcher, at=town.at, expected=1, scope=scope)
    assert one.state == "acknowledged"
    with pytest.raises(Refusal, match="meanwhile"):
        alarming.take(alarm=one.pk, act=Act("dismiss", {"words": "no"}), by=dispatcher, at=town.at, expected=1)
    with pytest.raises(Refusal) as refused:
        alarming.take(alarm=one.pk, act=Act("dismiss"), by=dispatcher, at=town.at)
    assert refused.value.field == "words"
    one = alarming.take(alarm=one.pk, act=Act("dismiss", {"words": "A barbecue"}), by=dispatcher, at=town.at)
    assert one.state == "dismissed" and not Row.objects.filter(loop="alarm", ended=None).exists()
    # Dismissed is not over: the rule keeps still until the readings were normal once.
    hear(pm, 320, start=AT + 2 * HOUR)
    assert len(alarms()) == 1
    hear(pm, 100, 330, start=AT + 3 * HOUR)
    assert alarms() == [("high", "dismissed", 300.0), ("high", "raised", 330.0)]
    assert not list(verify())


def test_calm_readings_cost_as_much_as_ever(town: Town) -> None:
    """A thousand calm readings of ten instruments are judged by as many statements as ten of one."""
    more = alarm("low", below=1, hold="1 uh"), alarm("silent", silent="4 uh"), alarm("rise", rises=50, within="1 uh")
    switch_on(alarm("high", above=250), *more)
    streams = [set_up(place=(10.001 * (1 + n / 10_000), 50.02)) for n in range(10)]
    counts = []
    for some in (streams[:2], streams[:1], streams):
        bring(*((pk, AT + n * MINUTE + len(some), 20.0) for pk in some for n in range(100)), now=AT + HOUR)
        with CaptureQueriesContext(connection) as asked:
            judging.judge(at=AT + 2 * HOUR)
        counts.append(len(asked))
    assert counts[1] == counts[2] <= 10


def test_a_judge_that_was_overtaken_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two judges read the same readings; one takes them away first, and the other finds nothing to do."""
    switch_on(alarm("high", above=250))
    bring((set_up(), AT, 300.0), now=AT)
    found = judging.arriving.waiting(100)
    judging.judge(at=AT)
    monkeypatch.setattr(judging.arriving, "waiting", lambda most, **_only: found)
    assert judging.judge(at=AT) == 0 and len(alarms()) == 1


def test_a_rule_switched_on_elsewhere_judges_what_came_after(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """What is remembered of the catalogue for a second would take the reading away unjudged."""
    settings.CITYLOOP_CACHE_SECONDS = 60.0
    switch_on(alarm("low", below=1))
    assert [one.rule for one in watches.watches()["air/pm25"]] == ["air/pm25/low"]
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(catalog.queries, "forget", lambda: None)
        switch_on(alarm("high", above=250))
    assert [one.rule for one in watches.watches()["air/pm25"]] == ["air/pm25/low"]
    hear(set_up(), 300)
    assert alarms() == [("high", "raised", 300.0)]
