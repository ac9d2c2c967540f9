"""Local times: zones, the hour that comes twice, the hour that is skipped, dates without a time."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cityloop.loops.cases.importing.mapping import TimeMap
from cityloop.loops.cases.importing.times import Times

pytestmark = pytest.mark.once
HOUR = 3_600_000_000


def times(**more: Any) -> Times:
    return Times(TimeMap.model_validate({"zone": "America/New_York", **more}))


def utc(text: str) -> int:
    return round(datetime.fromisoformat(text + "+00:00").timestamp()) * 1_000_000


def test_times_are_read_in_the_zone_of_the_map():
    assert times().instant("2018-10-21T12:00:00") == (utc("2018-10-21T16:00:00"), False)
    assert times().instant("2018-01-21 12:00") == (utc("2018-01-21T17:00:00"), False)
    assert times().instant("2018-10-21T12:00:00Z") == (utc("2018-10-21T12:00:00"), False)
    assert times(formats=["%m/%d/%Y %I:%M:%S %p"]).instant("10/21/2018 01:02:03 PM")[0] == utc("2018-10-21T17:02:03")
    assert times(formats=["epoch_ms"]).instant("1540137600000")[0] == utc("2018-10-21T16:00:00")


def test_an_hour_that_comes_twice():
    first = utc("2018-11-04T05:30:00")
    assert times().instant("2018-11-04T01:30:00")[0] == first
    assert times(ambiguous="later").instant("2018-11-04T01:30:00")[0] == first + HOUR
    with pytest.raises(ValueError, match="twice"):
        times(ambiguous="reject").instant("2018-11-04T01:30:00")
    assert times(ambiguous="reject").instant("2018-11-04T03:30:00")[0] == utc("2018-11-04T08:30:00")


def test_an_hour_that_was_skipped():
    assert times().instant("2018-03-11T02:30:00")[0] == utc("2018-03-11T07:30:00")  # 03:30 in summer time
    assert times(nonexistent="earlier").instant("2018-03-11T02:30:00")[0] == utc("2018-03-11T06:30:00")
    with pytest.raises(ValueError, match="skipped"):
        times(nonexistent="reject").instant("2018-03-11T02:30:00")


def test_days_without_a_time():
    assert times(precision="day").instant("2018-10-21") == (utc("2018-10-21T04:00:00"), True)
    assert times(precision="day").instant("2018-10-21T04:00:00Z") == (utc("2018-10-21T04:00:00"), True)
    assert times(precision="day", formats=["epoch_ms"]).instant("1540094400000") == (utc("2018-10-21T04:00:00"), True)
    assert times(midnight="day").instant("2018-10-21T00:00:00")[1] is True
    assert times(midnight="day").instant("2018-10-21T00:00:01")[1] is False
    assert times().instant("2018-10-21T00:00:00")[1] is False


@pytest.mark.parametrize("text", ["", "soon", "2018-13-01", "0001-01-01", "9999-12-31T23:59:59", "1" * 400, "\x00"])
def test_what_is_no_time_is_said_so(text: str):
    with pytest.raises(ValueError):
        times().instant(text)


@given(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)), st.sampled_from(["America/New_York", "Asia/Shanghai"]))
def test_remembered_days_agree_with_the_zone(local: datetime, zone: str):
    local = local.replace(microsecond=0)
    here = ZoneInfo(zone)
    assume(here.utcoffset(local.replace(fold=0)) == here.utcoffset(local.replace(fold=1)))  # neither twice nor never
    expected = round(local.replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000
    reader = Times(TimeMap.model_validate({"zone": zone}))
    assert reader.instant(local.isoformat())[0] == expected
    assert reader.instant(local.isoformat())[0] == expected
