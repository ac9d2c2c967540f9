"""Cases are rebuilt from the ledger by the calendars that held at each of their steps, not by those of today."""

import pytest
from django.db import connection

from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases.actions.follow import Following, follow
from cityloop.loops.cases.actions.take import take
from cityloop.loops.cases.models import Case, LoopText, Part, Posting, Report
from cityloop.loops.cases.rebuilding import all_differences, differences, rules
from cityloop.town.calendar import queries
from cityloop.town.calendar.actions import keep_calendar
from cityloop.town.calendar.models import Calendar
from cityloop.town.catalog.models import CatalogVersion
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import verify
from cityloop.town.persons.actions import erase_person, keep_words
from cityloop.town.persons.models import Person, Words
from cityloop.town.persons.queries import words_of
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
    town.take(paused, "suspend", "parks", reason="season", words="rain", until=town.at + 2 * 86_400_000_000)
    holidays(town, "2018-10-23", "2018-10-24")
    after = town.to("handling")
    assert due(after) > due(before)
    town.take(before, "report_back", "parks", words="Done")
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
        town.take(case, "report_back", "parks", words="Done")
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


COLUMNS = {
    "seq": 99, "round": 2, "matter": "other", "unit_filed": "9", "level": 2, "urgent": True, "held": "leader",
    "lon": 1.5, "cell": 7, "origin": "replay", "channel": "fax", "created": 5, "at": 5, "filed": 5, "closed": 5,
    "due": 5, "resolution": "solved", "lead_org": 999, "person": 7, "precision": "day", "component": "1", "slots": "{}",
    "head": b"no",
}  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_that_lists_and_figures_read_is_held_against_the_ledger(town: Town, column: str) -> None:
    case = town.to("handling")
    assert list(all_differences()) == []
    Case.objects.filter(pk=case).update(**{column: COLUMNS[column]})
    found = [(f.code, f.where) for f in all_differences()]
    assert found == [("case.columns", f"case:{case}")]


def test_parts_that_say_something_else_or_are_gone_are_named(town: Town) -> None:
    edited, gone, more = (town.to("handling") for _ in range(3))
    Part.objects.filter(case_id=edited).update(due=5)
    Part.objects.filter(case_id=gone).delete()
    Part.objects.create(case_id=more, round=1, number=9, org=1, org_path="/1/", role="assist", state="assigned")
    found = [(f.code, f.where) for f in all_differences()]
    assert found == [("case.parts", f"case:{case}") for case in (edited, gone, more)]


def test_that_something_was_overdue_cannot_be_taken_back_unseen(town: Town) -> None:
    """The share handled in time is counted from these rows."""
    wiped, gone, kept = (town.to("handling") for _ in range(3))
    town.at = due(kept) + 60_000_000
    for case in (wiped, gone, kept):
        for action, who in (("report_back", "parks"), ("accept", "roads"), ("report_back", "roads")):
            town.take(case, action, who, words="done")
    assert list(all_differences()) == []
    late = Row.objects.filter(what="handling", mark__gte=100)
    assert set(late.values_list("subject_id", flat=True)) == {wiped, gone, kept}
    late.filter(subject_id=wiped).update(mark=50)
    late.filter(subject_id=gone).delete()
    assert [(f.code, f.where) for f in all_differences()] == [("case.work", f"case:{case}") for case in (wiped, gone)]


def test_work_that_nobody_sees_any_more_is_named(town: Town) -> None:
    ended, gone, moved, more = (town.to("handling") for _ in range(4))
    rows = Row.objects.filter(ended__isnull=True, slot="state")
    rows.filter(subject_id=ended).update(ended=town.at)
    rows.filter(subject_id=gone).delete()
    rows.filter(subject_id=moved).update(due=town.at + 10**15)
    row = rows.get(subject_id=more)
    row.pk, row.slot = None, "request:9"
    row.save(force_insert=True)
    found = [(f.code, f.where) for f in all_differences()]
    assert found == [("case.work", f"case:{case}") for case in (ended, gone, moved, more)]


def test_a_case_or_report_that_is_gone_is_named(town: Town) -> None:
    reported, early, gone = (town.to("collected") for _ in range(3))
    Report.objects.filter(case_id=reported).delete()
    Report.objects.filter(case_id=early).update(created=5)
    for model in (Posting, Report):
        model.objects.filter(case_id=gone).delete()
    Case.objects.filter(pk=gone).delete()
    assert [(f.code, f.where) for f in all_differences()] == [
        ("case.report", f"case:{reported}"), ("case.report", f"case:{early}"), ("case.gone", f"case:{gone}"),
    ]  # fmt: skip


def test_words_that_were_changed_swapped_added_or_taken_away_are_named(town: Town) -> None:
    changed, other, gone, more, erased = (town.to("collected", words=f"Words {n}") for n in range(5))
    assert list(all_differences()) == []
    rows = {int(row.subject.split(":")[1]): row for row in Words.objects.filter(field="1:collect:words")}
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM persons_words WHERE id = %s", [rows[other].pk])
        cursor.execute("UPDATE persons_words SET text = %s WHERE id = %s", [*cursor.fetchone(), rows[changed].pk])
        cursor.execute("UPDATE persons_words SET text = 'no token' WHERE id = %s", [rows[other].pk])
    Words.objects.filter(pk=rows[gone].pk).delete()
    keep_words(f"case:{more}", "1:collect:words", "I am quite content.")
    Words.objects.filter(pk=rows[erased].pk).update(erased=town.at, salt=None, text=None)
    found = [(f.code, f.where) for f in all_differences()]
    assert found == [("case.words", f"case:{case}") for case in (changed, other, gone, more)]


def test_rules_that_were_changed_by_hand_are_named(town: Town) -> None:
    holidays(town)
    town.to("filed")
    version, calendar, text = CatalogVersion.objects.get(), Calendar.objects.get(key="city"), LoopText.objects.get()
    CatalogVersion.objects.update(content=version.content + " ")
    Calendar.objects.filter(pk=calendar.pk).update(holidays=["2018-10-30"])
    LoopText.objects.update(text=text.text + "# more")
    found = [(f.code, f.where) for f in rules()]
    assert found == [
        ("catalogue.edited", "catalogue:1"), ("calendar.edited", "calendar:city"),
        ("loop.edited", f"loop:{text.digest[:12]}"),
    ]  # fmt: skip
    LoopText.objects.update(text="what")
    assert [f.code for f in rules()] == ["catalogue.edited", "calendar.edited", "loop.edited"]


def test_what_somebody_said_is_erased_with_them_and_the_ledger_stands(town: Town) -> None:
    """As reporter, when asked again, and as who follows another's case; what staff said is the city's."""
    case = town.collect(words="My cellar is wet.", email="a@example.org").case
    mine = Person.objects.get(pk=Case.objects.get(pk=case).reports.get().person)
    town.take(case, "file", "shift")
    take(case=case, act=Act("add", {"words": "It rises."}), by=Actor("reporter", "reporter", mine.pk), at=town.at)
    other = town.to("filed", words="Not mine.")
    follow(case=other, who=Following(words="Mine too.", email="a@example.org"), at=town.at)
    town.take(other, "note", "shift", words="The city's.")
    assert erase_person(person=mine, by=BY, at=town.at) == 3
    assert sorted(words_of(f"case:{other}").values())[-2:] == ["Not mine.", "The city's."]
    assert not [text for text in words_of(f"case:{case}").values() if text]
    assert list(verify()) == [] and list(all_differences()) == []


SAID = {
    "marked": "impossible_time",
    "source_status": "Open",
    "source_due": 5,
    "address": "1 Elsewhere",
    "address_salt": b"1",
}


@pytest.mark.parametrize("column", SAID)
def test_a_mark_or_address_of_a_case_of_ours_changed_by_hand_is_named(town: Town, column: str) -> None:
    case = town.to("closed", address="12 Hill Road")
    assert list(all_differences()) == []
    assert "Hill" not in Step.objects.get(subject=f"case:{case}", seq=1).data
    Case.objects.filter(pk=case).update(**{column: SAID[column]})
    assert [(f.code, f.where) for f in all_differences()] == [("case.columns", f"case:{case}")]


def test_cases_from_before_addresses_stood_on_the_ledger_keep_verifying(town: Town) -> None:
    case = town.to("collected")
    Case.objects.filter(pk=case).update(address="12 Hill Road")  # as one written before: no digest, no salt
    assert list(all_differences()) == []
