"""Calendars: kept, changed, refused, and seen at once."""

from typing import Any

import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.ground.worktime import DAY, HOUR
from cityloop.town.calendar import queries
from cityloop.town.calendar.actions import keep_calendar
from cityloop.town.calendar.models import Calendar
from cityloop.town.ledger.models import Step

BY = Actor(kind="person", role="leader", person=1)
AT = 1_557_110_400_000_000  # 2019-05-06 10:40 in Shanghai, a Monday
WEEK = [[["08:30", "12:00"], ["14:00", "18:00"]]] * 5 + [[], []]

pytestmark = pytest.mark.django_db


def keep(**given: Any) -> Calendar:
    """Keep a calendar that is right but for what is given."""
    return keep_calendar(**{"key": "city", "zone": "Asia/Shanghai", "shifts": WEEK, "by": BY, "at": AT, **given})


def test_a_city_without_calendars_works_always() -> None:
    assert queries.calendars().add("city", AT, 3 * DAY, "work") == AT + 3 * DAY


def test_a_kept_calendar_answers_and_is_on_the_ledger() -> None:
    keep(country="CN", day_minutes=450)
    calendars = queries.calendars()
    assert calendars.get().day_hours == 7.5
    assert not calendars.get().is_working(AT - 5 * DAY), "Labour Day"
    step = Step.objects.get(subject="calendar:city")
    assert (step.kind, step.what) == ("created", "city")


def test_a_change_is_seen_at_the_next_question() -> None:
    keep()
    before = queries.calendars().add("", AT, 8 * HOUR, "work")
    keep(shifts=[[["00:00", "24:00"]]] * 7)
    assert queries.calendars().add("", AT, 8 * HOUR, "work") == AT + 8 * HOUR != before
    assert [step.kind for step in Step.objects.filter(subject="calendar:city").order_by("seq")] == [
        "created",
        "changed",
    ]


def test_dates_of_its_own() -> None:
    keep(holidays=["2019-05-06"], workdays={"2019-05-11": None, "2019-05-12": 1})
    city = queries.calendars().get()
    assert not city.is_working(AT)
    assert city.is_working(AT + 5 * DAY)
    assert city.is_working(AT + 6 * DAY)


def test_calendars_are_not_asked_for_again_within_a_second(settings: Any, django_assert_num_queries: Any) -> None:
    keep()
    settings.CITYLOOP_CACHE_SECONDS = 60
    queries.calendars()
    with django_assert_num_queries(0):
        for _ in range(100):
            queries.calendars()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"zone": "Asia/Nowhere"}, "zone"),
        ({"shifts": WEEK[:6]}, "shifts"),
        ({"shifts": [[["8", "12"]]] + [[]] * 6}, "shifts"),
        ({"holidays": ["6 May"]}, "holidays"),
        ({"workdays": {"2019-02-30": 1}}, "workdays"),
        ({"workdays": {"2019-02-03": 7}}, "workdays"),
        ({"country": "ZZ"}, "country"),
        ({"day_minutes": 0}, "day_hours"),
    ],
)
def test_a_wrong_calendar_is_refused_and_leaves_no_trace(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        keep(**wrong)
    assert refused.value.field == field
    assert not Calendar.objects.exists()
    assert not Step.objects.filter(subject="calendar:city").exists()
