"""Cases are rebuilt from the ledger by the calendars that held at each of their steps, not by those of today."""

from cityloop.loops.cases.models import Case
from cityloop.loops.cases.rebuilding import all_differences, differences
from cityloop.town.calendar import queries
from cityloop.town.calendar.actions import keep_calendar
from cityloop.town.calendar.models import Calendar
from cityloop.town.ledger.models import Step
from cityloop.town.worklist.models import Row
from tests.loops.cases.smallville import Town
from tests.town.staff import BY

DAYS = [[["08:00", "12:00"]]] * 5 + [[], []]


def holidays(town: Town, *days: str) -> None:
    town.at += 1
    keep_calendar(key="city", zone="America/New_York", shifts=DAYS, holidays=days, by=BY, at=town.at)


def due(case: int) -> int:
    return max(row.due for row in Row.objects.filter(subject_id=case) if row.due)


def test_a_new_holiday_does_not_make_the_cases_before_it_look_edited(town: Town) -> None:
    holidays(town)
    before = town.to("handling")
    paused = town.to("handling")
    town.take(paused, "suspend", "parks", words="rain", until=town.at + 2 * 86_400_000_000)
    holidays(town, "2018-10-23", "2018-10-24")
    after = town.to("handling")
    assert due(after) > due(before)
    town.take(before, "report_back", "parks")
    assert list(all_differences()) == []


def test_a_step_taken_before_its_process_heard_of_the_new_calendar_is_rebuilt_too(town: Town) -> None:
    holidays(town)
    former = queries.calendars()
    holidays(town, "2018-10-23")
    assert queries.calendars() != former
    row = Calendar.objects.get(key="city")
    Calendar.objects.filter(pk=row.pk).update(holidays=[], revision="former")  # what another process still keeps
    queries.forget()
    case = town.to("handling")
    Calendar.objects.filter(pk=row.pk).update(holidays=row.holidays, revision=row.revision)
    queries.forget()
    assert list(all_differences()) == []
    Step.objects.filter(subject=Case.objects.get(pk=case).subject).update(recorded_at=2**60)  # long after the change
    assert [f.code for f in all_differences()] == ["case.differs"]


def test_a_step_taken_while_the_check_runs_is_no_finding(town: Town) -> None:
    """Cases are read some hundreds at a time, and their steps afterwards."""
    moved, edited = town.to("handling"), town.to("handling")
    read = list(Case.objects.order_by("pk"))
    for case in (moved, edited):
        town.take(case, "report_back", "parks")
    Case.objects.filter(pk=edited).update(snapshot=read[1].snapshot)
    assert [(f.code, f.where) for f in differences(read)] == [("case.differs", f"case:{edited}")]


def test_what_cannot_be_read_is_named_and_does_not_end_the_check(town: Town) -> None:
    step, snapshot, columns = (town.to("filed") for _ in range(3))
    Step.objects.filter(subject=f"case:{step}", seq=1).update(data="{half")
    Case.objects.filter(pk=snapshot).update(snapshot=b"\x00nothing")
    Case.objects.filter(pk=columns).update(state="closed")
    found = [(f.code, f.where) for f in all_differences()]
    assert found == [
        ("case.not_rebuilt", f"case:{step}"),
        ("case.not_rebuilt", f"case:{snapshot}"),
        ("case.columns", f"case:{columns}"),
    ]
