"""The city's open figures equal a count straight from the tables, whatever happened in the city."""

import random
from datetime import UTC, datetime
from importlib import import_module
from statistics import median
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases.daily import asking, following
from cityloop.loops.cases.daily.counting import COUNTS, day_of, of_size, size_of, start_of
from cityloop.loops.cases.models import Case, DayCount
from cityloop.town.calendar.clock import city_clock
from cityloop.town.ledger.actions import sequence
from cityloop.town.ledger.models import Step
from cityloop.town.worklist.models import Row
from tests.loops.cases.smallville import DAY, Town
from tests.loops.cases.test_random_days import _try
from tests.steady import steady


def keep_up() -> int:
    while sequence():
        pass
    cache.clear()
    return following.follow()


def straight(first: int, last: int, unit: str, org: int, hushed: tuple[str, ...] = ()) -> dict[str, Any]:
    """Count as the method page says, case by case: written without looking at how the house does it."""
    late = set(Row.objects.filter(loop="case", what="handling", mark__gte=100).values_list("subject_id", flat=True))
    found: dict[str, Any] = dict.fromkeys(COUNTS, 0) | {"open": 0}
    times, matters = [], dict[str, list[int]]()

    def within(at: int | None) -> bool:
        if at is None:
            return False
        day = datetime.fromtimestamp(at / 1e6, UTC).astimezone(city_clock.zone).toordinal()
        return first <= day <= last

    for case in Case.objects.filter(level=0, parent=None).exclude(matter=""):
        if not case.unit_code.startswith(unit) or org not in (0, case.lead_org) or case.matter in hushed:
            continue
        row = matters.setdefault(case.matter, [0, 0])
        if within(case.created):
            found["received"] += 1
            row[0] += 1
        end = start_of(last + 1)
        found["open"] += case.created < end and (case.closed is None or case.closed >= end)
        for step in Step.objects.filter(subject=f"case:{case.pk}", what__in=("reopen", "dispute")):
            if within(step.at):
                found["reopened" if step.what == "reopen" else "disputed"] += 1
        if not within(case.closed):
            continue
        found["ended"] += 1
        if case.state != "closed":
            continue
        found["closed"] += 1
        row[1] += 1
        if "_time" not in case.marked and case.origin != "import":
            found["limited"] += 1
            found["late"] += case.pk in late
            found["late_adjusted"] += case.pk in late and '"adjusted":true' not in case.snapshot
        if "_time" not in case.marked and case.precision == "second":
            times.append(case.closed - case.created)
    found["timed"] = len(times)
    found["times"] = sorted(times)
    found["matters"] = {matter: tuple(row) for matter, row in matters.items() if any(row)}
    return found


def middle_two(times: list[int]) -> tuple[int, int]:
    return times[(len(times) - 1) // 2], times[len(times) // 2]


def agree(first: int, last: int, unit: str, org: int) -> None:
    told = asking.told(asking.Asked(first, last, unit, org))
    length = last - first + 1
    for sums, start, still in ((told.sums, first, told.open), (told.before, first - length, told.open_before)):
        exact = straight(start, start + length - 1, unit, org)
        assert {name: getattr(sums, name) for name in COUNTS} == {name: exact[name] for name in COUNTS}
        assert still == exact["open"]
        if sums.median is not None:
            assert sums.median == sum(of_size(size_of(one)) for one in middle_two(exact["times"])) // 2
            assert sums.median == pytest.approx(median(exact["times"]) / 1e6, rel=0.011, abs=1)
        if sums.share is not None:
            assert sums.share == 100 * (exact["limited"] - exact["late"]) // exact["limited"]
    assert sum(came for _day, came, _gone in told.days) == told.sums.received
    assert sum(gone for _day, _came, gone in told.days) == told.sums.closed
    exact = straight(first, last, unit, org)["matters"]
    if unit == "1001":
        assert {
            one.matter: (one.sums.received, one.sums.closed)
            for one in told.matters
            if one.sums.received + one.sums.closed
        } == exact
    else:
        assert sum(one.sums.received for one in told.matters) == sum(came for came, _gone in exact.values())
        assert all(max(one.sums.received, one.sums.closed) >= asking.SMALL for one in told.matters if one.matter)


@pytest.mark.parametrize("seed", range(3))
def test_figures_equal_a_count_straight_from_the_tables(town: Town, seed: int) -> None:
    rng = random.Random(seed)
    ids = []
    for _ in range(3):
        for _ in range(7):
            town.at += rng.choice([1, DAY // 3])
            ids.append(town.collect(matter=rng.choice(["tree", "hole"]), lon=rng.choice([10.02, 10.15])).case)
        for _ in range(60):
            ids.append(town.to(rng.choice(["closed", "handling"]))) if rng.random() < 0.15 else _try(rng, town, ids)
        for case in rng.sample(ids, 3):  # as an import has them
            marks = {
                "marked": rng.choice(["impossible_time", "outside_city", "zero_time"]),
                "precision": rng.choice(["day", "second"]),
            }
            Case.objects.filter(pk=case).update(**marks, origin=rng.choice(["import", "live"]))
            Step.objects.filter(subject=f"case:{case}").update(origin="live")
        Row.objects.filter(what="handling", subject_id__in=rng.sample(ids, 4)).update(mark=100)
        DayCount.objects.all().delete()  # what was put there behind the ledger's back is no day's step
        following.move_cursor(following.READER, -1)
        keep_up()
        begun, upto = day_of(Case.objects.get(pk=ids[0]).created), day_of(town.at)
        orgs = [0, *Case.objects.values_list("lead_org", flat=True).distinct()]
        for unit in ("1001", "100101", "100102", "100102001"):
            first = rng.randint(begun, upto)
            agree(first, rng.randint(first, upto + 3), unit, rng.choice(orgs))
            agree(begun, upto, unit, 0)


def test_days_follow_what_happens_later_with_their_cases(town: Town) -> None:
    case = town.to("closed")
    day = day_of(Case.objects.get(pk=case).closed or 0)
    assert keep_up() == 1 and keep_up() == 0
    agree(day, day, "1001", 0)
    assert asking.told(asking.Asked(day, day, "1001")).sums.closed == 1
    town.at += 2 * DAY
    town.take(case, "reopen", "shift", words="It lies there again")
    assert keep_up() == 2
    agree(day, day + 2, "1001", 0)
    told = asking.told(asking.Asked(day, day + 2, "1001"))
    assert (told.sums.closed, told.sums.reopened, told.open) == (0, 1, 1)


def test_in_a_part_of_the_city_few_cases_are_not_told_of_by_their_matter(town: Town) -> None:
    town.collect(matter="hole")
    for _ in range(asking.SMALL - 1):
        town.to("closed")
    town.collect()
    day = day_of(town.at)
    keep_up()
    city, part = (asking.told(asking.Asked(day, day, unit)) for unit in ("1001", "100101"))
    assert [one.matter for one in city.matters] == ["tree", "hole"]
    assert [(one.matter, one.sums.received) for one in part.matters] == [("tree", asking.SMALL), ("", 1)]
    assert (city.sums.median is not None, city.sums.share) == (True, 100)
    assert part.sums.median is part.sums.share is part.matters[0].sums.median is None, "four were closed"
    assert part.sums.received == city.sums.received == asking.SMALL + 1


def test_what_a_page_reads_does_not_grow_with_the_cases(town: Town, settings: Any) -> None:
    town.to("closed")
    keep_up()
    day = day_of(town.at)
    steady(settings)
    asking.told(asking.Asked(day, day, "1001"))
    with CaptureQueriesContext(connection) as asked:
        asking.told(asking.Asked(day - 6, day, "1001"))
    assert len(asked) <= 8, [q["sql"][:150] for q in asked]
    assert not [q["sql"] for q in asked if 'FROM "ledger_step"' in q["sql"] and str(start_of(day)) in q["sql"]]


def test_a_time_that_cannot_be_asked_for_is_refused(town: Town) -> None:
    today = day_of(city_clock.now())
    assert asking.checked(today - 3, today + 9) == (today - 3, today)
    for first, last in ((today, today - 1), (today + 1, today + 2), (today - 400, today)):
        with pytest.raises(Refusal):
            asking.checked(first, last)


def appealed(town: Town, answer: str) -> int:
    """A case handled twenty days late, closed, whose department appealed; both stages answer alike."""
    case = town.collect(matter="hole").case
    for action, who, after, data in [
        ("file", "shift", 0, {}), ("dispatch", "dispatcher", 0, {}), ("accept", "roads", 0, {}),
        ("report_back", "roads", 20 * DAY, {"words": "Filled"}), ("submit", "dispatcher", 0, {}),
        ("pass", "inspector", 0, {"words": "Flat"}), ("close", "shift", 0, {}),
        ("appeal", "roads", DAY, {"words": "The road was closed for a week"}),
    ]:  # fmt: skip
        town.take(case, action, who, after, **data)
    town.take(case, "decide", "dispatcher", request=1, answer=answer)
    if answer == "granted":
        town.take(case, "decide", "shift", request=1, answer=answer)
    return case


def test_an_upheld_appeal_reaches_the_figures_which_show_both(town: Town) -> None:
    """Also those of a day that was counted before; a refused one changes nothing."""
    town.at = city_clock.now() - 80 * DAY
    first = day_of(town.at)
    refused = appealed(town, "refused")
    keep_up()
    upheld = appealed(town, "granted")
    keep_up()
    assert [Case.objects.get(pk=pk).adjusted for pk in (refused, upheld)] == [False, True]
    last = day_of(town.at)
    sums = asking.told(asking.Asked(first, last, "1001")).sums
    assert (sums.limited, sums.late, sums.late_adjusted) == (2, 2, 1)
    assert (sums.share, sums.share_adjusted) == (0, 50)
    roads = town.orgs["roads"].pk
    assert asking.told(asking.Asked(first, last, "1001", roads)).sums.late_adjusted == 1
    town.take(upheld, "reopen", "shift", words="It sank again")
    assert not Case.objects.get(pk=upheld).adjusted, "the next round is judged anew"


def test_appeals_upheld_before_there_was_a_column_are_found(town: Town) -> None:
    town.at = city_clock.now() - 80 * DAY
    upheld, refused = appealed(town, "granted"), appealed(town, "refused")
    keep_up()
    Case.objects.update(adjusted=False)
    DayCount.objects.update(late_adjusted=0)
    import_module("cityloop.loops.cases.migrations.0017_adjusted").say_which_are(apps, None)
    assert list(Case.objects.filter(adjusted=True).values_list("pk", flat=True)) == [upheld] != [refused]
    assert not DayCount.objects.exclude(late_adjusted=F("late")).exists()
