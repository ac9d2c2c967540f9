"""Readings move to the history by whole days; nothing is lost, nothing is doubled, and the counts stay true."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cityloop.loops.sensing import queries
from cityloop.loops.sensing.history import moving, parts
from cityloop.loops.sensing.history.columns import some
from cityloop.loops.sensing.models import Aged, Datastream, Latest, Observation, Part, Quarantined
from cityloop.loops.sensing.rules.times import EARLIEST
from cityloop.town.calendar.clock import city_clock
from cityloop.town.calendar.models import CityClock
from cityloop.town.ledger.models import Step
from tests.loops.sensing.history.world import DAY, NOW, feed, hot, night, said, seen, station, true_counts
from tests.loops.sensing.instruments import AT, CATEGORY, HOUR, stream

pytestmark = pytest.mark.usefixtures("town")


def test_what_is_older_than_the_hot_window_moves_by_whole_days(history: Path) -> None:
    CityClock.objects.update_or_create(id=1, defaults={"zone": "America/New_York"})
    city_clock.restart()
    pm, wind = station(stream(), stream("wind", CATEGORY))
    recent = said(pm, 3, start=NOW - 3 * DAY)
    rows = [*said(pm, 5), *recent]
    feed(*rows, (wind, AT + HOUR, "NNW"), (wind, AT + 2 * HOUR, "S"), (wind, NOW - HOUR, "E"))
    done = night()
    assert (done.readings, done.days) == (5 * 24 + 2, 7)  # of the city: New York's first day ends five hours later
    assert seen(pm) == sorted((at, value) for _pk, at, value in rows)
    assert hot(pm) == [at for _pk, at, _value in recent] and hot(wind) == [NOW - HOUR]
    place = history / "readings" / f"property={Datastream.objects.get(pk=pm).observed_property_id}"
    assert sorted(one.name for one in place.iterdir())[:2] == ["day=2025-12-31", "day=2026-01-01"]
    file = next((place / "day=2026-01-01").glob("*.parquet"))
    table = pq.read_table(file)
    assert table.num_rows == 24 and str(table.schema.field("time").type) == "timestamp[us, tz=UTC]"
    true_counts()
    data = json.loads(Step.objects.get(what="aged").data)
    assert (data["readings"], data["days"]) == (122, 7)
    assert night().readings == 0 and Step.objects.filter(what="aged").count() == 1


def test_everything_that_is_said_of_a_reading_moves_with_it(history: Path) -> None:
    (wind,) = station(stream("wind", CATEGORY))
    feed((wind, AT, "NNW"), (wind, "2026-01-01T00:00:00Z/2026-01-01T01:00:00Z", 3.5), (wind, AT + HOUR, True),
         (wind, NOW, 1))  # fmt: skip
    names = ("datastream_id", "time", "lasts", "result", "made", "feature_id", "more")
    rows = list(Observation.objects.order_by("time", "lasts").values_list(*names))
    night()
    assert Observation.objects.count() == 1
    found = parts.readings(parts.kept_of([wind]), AT, NOW).rows()
    assert [(*row[:6], json.loads(row[6]) if row[6] else None) for row in found] == rows[:-1] and len(found) == 3


@pytest.mark.parametrize("zone", ["America/New_York", "UTC", "Asia/Shanghai"])
def test_a_reading_of_the_first_day_there_is_does_not_stop_the_others(zone: str) -> None:
    CityClock.objects.update_or_create(id=1, defaults={"zone": zone})
    city_clock.restart()
    pm, co = station(stream(), stream("CO"))
    feed((pm, "0001-01-01T00:00:00Z", 1.0), (pm, AT, 2.0), (pm, NOW, 3.0), *said(co, 1), (co, NOW, 1.0))
    assert night().readings == 2 + 24
    assert seen(pm) == [(EARLIEST, 1.0), (AT, 2.0), (NOW, 3.0)] and hot(pm) == [NOW]
    true_counts()


def test_the_newest_reading_stays_in_the_database_however_old() -> None:
    (pm,) = station()
    feed(*said(pm, 2))
    assert night().readings == 47
    assert hot(pm) == [AT + 47 * HOUR] and queries.newest_of([pm])[0][2] == AT + 47 * HOUR
    true_counts()
    feed((pm, NOW, 5.0))
    assert night().readings == 1 and hot(pm) == [NOW]
    true_counts()


def test_late_readings_are_taken_and_merged_by_the_next_run() -> None:
    (pm,) = station()
    rows = said(pm, 10)
    late = rows[5::7]
    feed(*(row for row in rows if row not in late), (pm, NOW, 1.0))
    night()
    assert feed(*late).tally.told() == {"received": len(late), "accepted": len(late), "repeated": 0, "quarantined": 0}
    assert seen(pm)[:-1] == [(at, value) for _pk, at, value in rows]
    true_counts()
    assert night().readings == len(late) and hot(pm) == [NOW]
    assert seen(pm)[:-1] == [(at, value) for _pk, at, value in rows]
    true_counts()
    feed(*((pm, at + 1, 7.0) for _pk, at, _value in rows))
    done = night()
    assert done.joined and Part.objects.filter(kind=Part.READINGS).count() == 10  # a third file of a day makes one
    assert len(seen(pm)) == 2 * len(rows) + 1
    true_counts()


def test_a_reading_is_known_after_it_moved() -> None:
    (pm,) = station()
    rows = said(pm, 3)
    feed(*rows, (pm, NOW, 1.0))
    night()
    assert feed(*rows).tally.told() == {"received": 72, "accepted": 0, "repeated": 72, "quarantined": 0}
    taken = feed((pm, AT, rows[0][2] + 1), (pm, AT + 1, 3.0))
    assert (taken.reasons, taken.tally.accepted) == ({0: "differs"}, 1)
    assert Quarantined.objects.get().reason == "differs"
    assert seen(pm)[:2] == [(AT, rows[0][2]), (AT + 1, 3.0)]
    true_counts()


def test_readings_that_move_while_they_are_looked_up_are_looked_up_again(monkeypatch: Any) -> None:
    from cityloop.loops.sensing.actions import ingesting

    (pm,) = station()
    rows = said(pm, 3)
    feed(*rows, (pm, NOW, 1.0))
    real, calls = ingesting.past_of, []

    def late(*words: Any) -> Any:
        found = real(*words)
        calls.append(found)
        if len(calls) == 1:
            night()  # between the look-up and the writing
        return found

    monkeypatch.setattr(ingesting, "past_of", late)
    assert feed(*rows, (pm, AT, 99.0)).tally.told() == {"received": 73, "accepted": 0, "repeated": 72, "quarantined": 1}
    assert len(calls) == 2
    true_counts()


def test_what_is_put_right_while_it_moves_stays_as_it_was_put_right() -> None:
    (pm,) = station()
    feed(*said(pm, 1), (pm, NOW, 1.0))
    rows = moving.readings_of(list(Observation.objects.order_by("time").values_list()))
    day = moving.day_at(AT, city_clock.zone)
    moving.settle(Datastream.objects.get().observed_property_id, day, some(rows, rows.time < NOW))
    Observation.objects.filter(datastream=pm, time=AT).update(result=77.0)
    assert moving.clear(some(rows, rows.time < NOW), lambda: None) == 23
    assert hot(pm) == [AT, NOW] and seen(pm)[0] == (AT, 77.0) and len(seen(pm)) == 25
    assert night().readings == 1 and hot(pm) == [NOW] and seen(pm)[0] == (AT, 77.0)
    Latest.objects.update(first=AT)
    true_counts()


def test_a_run_that_broke_off_before_it_took_anything_out_is_made_good(monkeypatch: Any) -> None:
    (pm,) = station()
    rows = said(pm, 4)
    feed(*rows, (pm, NOW, 1.0))

    def killed(*_words: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(moving, "clear", killed)
    with pytest.raises(KeyboardInterrupt):
        night()
    assert Aged.objects.exists() and len(hot(pm)) == 97  # both in the history and in the database
    assert seen(pm)[:-1] == [(at, value) for _pk, at, value in rows]
    assert feed(*rows).tally.repeated == len(rows)
    true_counts()
    monkeypatch.undo()
    night()
    assert hot(pm) == [NOW] and seen(pm)[:-1] == [(at, value) for _pk, at, value in rows]
    true_counts()


def test_only_one_run_goes_on_at_a_time(history: Path) -> None:
    import fcntl

    from cityloop.loops.sensing.history.nightly import age
    from tests.town.staff import BY

    history.mkdir()
    with (history / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert age(by=BY, at=NOW) is None
    assert age(by=BY, at=NOW) is not None


def test_a_file_that_is_not_what_was_written_takes_nothing_out(monkeypatch: Any) -> None:
    from cityloop.loops.sensing.history import files

    (pm,) = station()
    feed(*said(pm, 1), (pm, NOW, 1.0))
    real = files._safe

    def torn(path: Path) -> None:
        real(path)
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            pq.write_table(table.slice(0, table.num_rows - 1), path)

    monkeypatch.setattr(files, "_safe", torn)
    with pytest.raises(files.Broken):
        night()
    assert not Part.objects.exists() and len(hot(pm)) == 25


def test_no_two_files_of_a_day_share_a_datastream(monkeypatch: Any) -> None:
    ids = station(*(stream(name) for name in "abcdefg"))
    Datastream.objects.update(observed_property=Datastream.objects.first().observed_property_id)
    monkeypatch.setattr(parts, "AT_ONCE", 50)
    monkeypatch.setattr(moving, "FETCHED", 30)
    monkeypatch.setattr(moving, "BATCH", 70)
    rows = [row for pk in ids for row in said(pk, 1, HOUR // (4 if pk == ids[3] else 1))]
    feed(*rows, *((pk, NOW, 1.0) for pk in ids))
    done = night()
    assert done.readings == 6 * 24 + 96 and done.joined == 0
    found = list(Part.objects.filter(kind=Part.READINGS).order_by("low"))
    assert len(found) >= 4 and all(one.high < other.low for one, other in zip(found, found[1:], strict=False))
    assert sorted(one.rows for one in found)[-1] == 96 and sum(one.rows for one in found) == done.readings
    assert [row for pk in ids for row in seen(pk)[:-1]] == [(at, value) for _pk, at, value in rows]
    feed(*((pk, AT + 1, 5.0) for pk in ids))  # late ones fall into pieces like the files that are there
    night()
    late = Part.objects.filter(kind=Part.READINGS).exclude(pk__in=[one.pk for one in found])
    assert {one.rows for one in late} <= {1, 2} and late.count() == len(found)
    true_counts()
