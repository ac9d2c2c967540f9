"""The door tells the same of readings whether they stand in the database or have moved to the history."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from cityloop.ground.kit.remembered import Remembered
from cityloop.loops.sensing.history import files, joining
from cityloop.loops.sensing.history.nightly import age
from cityloop.loops.sensing.models import Aged, Datastream, Observation
from cityloop.loops.sensing.rules.times import shown
from cityloop.town.calendar.clock import city_clock
from tests.conftest import PROVE
from tests.doors.sensorthings.conftest import ROOT, Door, door_of
from tests.doors.sensorthings.test_reading import FILTERS
from tests.loops.cases.smallville import build
from tests.loops.sensing.instruments import AT, CATEGORY, HOUR, bring, set_up, stream
from tests.town.staff import BY

DAYS = 8
PAGES = 30 if PROVE else 8  # of each answer
SOME_DAYS = "phenomenonTime ge 2026-01-03T00:00:00Z and phenomenonTime lt 2026-01-05T12:00:00Z"


class World(NamedTuple):
    """A door, the ids of its datastreams, and what it told before anything had moved."""

    door: Door
    ids: list[int]
    before: dict[str, Any]


def filled(door: Door) -> list[int]:
    """Three datastreams with readings of some days, and one that is silent."""
    set_up(stream("PM2.5"), stream("wind", CATEGORY))
    set_up(stream("CO"), stream("silent"))
    ids = [one["@iot.id"] for one in door.get("Datastreams", orderby="id")["value"]]
    rows: list[Any] = [(ids[0], AT + n * HOUR, float(n * 7 % 23)) for n in range(DAYS * 24)]
    rows += [(ids[1], AT + n * 9 * HOUR, ("N", "E", "S")[n % 3]) for n in range(DAYS * 2)]
    rows += [(ids[2], AT + n * 5 * HOUR, n / 2) for n in range(DAYS * 4)]
    rows += [(ids[0], "2026-01-02T00:00:00Z/2026-01-02T06:00:00Z", 5.5)]
    bring(*rows)
    return ids


QUESTIONS: list[tuple[str, dict[str, str]]] = [
    *(("Observations", {"filter": words, "count": "true"}) for name, words, _n in FILTERS if name == "Observations"),
    ("Observations", {}), ("Observations", {"count": "true", "top": "7", "skip": "190"}),
    ("Observations", {"orderby": "phenomenonTime", "top": "30"}), ("Observations", {"orderby": "result", "top": "30"}),
    ("Observations", {"orderby": "phenomenonTime desc", "top": "30"}), ("Observations", {"orderby": "result desc,id"}),
    ("Observations", {"filter": "Datastream/id eq {0}", "top": "5"}), ("Observations", {"expand": "Datastream"}),
    ("Datastreams({0})/Observations", {}), ("Datastreams({0})/Observations", {"count": "true", "orderby": "id desc"}),
    ("Datastreams({0})/Observations", {"orderby": "phenomenonTime desc", "top": "9"}),
    ("Datastreams({0})/Observations", {"orderby": "phenomenonTime desc", "top": "9", "skip": "77"}),
    ("Datastreams({0})/Observations", {"filter": SOME_DAYS, "count": "true", "orderby": "phenomenonTime"}),
    ("Datastreams({0})/Observations", {"filter": "phenomenonTime gt 2026-01-03T00:00:00Z and result gt 9",
                                       "count": "true", "orderby": "phenomenonTime desc", "top": "5"}),
    ("Datastreams({0})/Observations", {"filter": "2026-01-03T00:00:00Z ge phenomenonTime", "orderby": "result desc"}),
    ("Datastreams({0})/Observations", {"filter": "not (result gt 9)", "count": "true", "select": "result"}),
    ("Datastreams({0})/Observations", {"filter": "phenomenonTime lt now() sub duration'P30D'", "count": "true"}),
    ("Datastreams({0})/Observations", {"filter": "phenomenonTime eq 2026-01-02T00:00:00Z", "count": "true"}),
    ("Datastreams({0})/Observations", {"filter": "false", "count": "true"}), ("Observations", {"filter": "true"}),
    ("Datastreams({0})/Observations", {"resultFormat": "dataArray", "top": "3"}),
    ("Datastreams({1})/Observations", {"orderby": "phenomenonTime desc", "select": "id,result,phenomenonTime"}),
    ("Datastreams({1})/Observations", {"filter": "result eq 'S'", "count": "true"}),
    ("Datastreams({3})/Observations", {"count": "true"}), ("Datastreams({0})", {}),
    ("Datastreams", {"expand": "Observations($top=2;$orderby=phenomenonTime desc;$count=true),Sensor"}),
    ("Datastreams", {"expand": "Observations($top=3)"}), ("Datastreams", {"expand": "Observations"}),
    ("Datastreams", {"expand": "Observations($filter=result gt 11;$count=true;$top=2;$orderby=result desc,id)"}),
    ("Datastreams", {"expand": "Observations($top=1;$orderby=phenomenonTime desc)"}),
    ("Things", {"expand": "Datastreams($expand=Observations($filter=phenomenonTime gt 2026-01-04T00:00:00Z;$top=2))"}),
    ("FeaturesOfInterest", {"expand": "Observations($top=4;$orderby=phenomenonTime)"}),
    ("FeaturesOfInterest(1)/Observations", {"count": "true", "orderby": "phenomenonTime", "top": "11"}),
    ("FeaturesOfInterest(1)/Observations", {"filter": "result ge 3", "count": "true", "top": "11"}),
    ("Observations('{0}-{at}')", {}), ("Observations('{0}-{at}')", {"expand": "Datastream/Thing,FeatureOfInterest"}),
    ("Observations('{0}-{at}')/Datastream", {}), ("Observations('{0}-{at}')/result/$value", {}),
    ("Observations('{0}-{at}')/FeatureOfInterest/name", {}), ("Observations('{1}-{at}')/result", {}),
]  # fmt: skip


def answers(door: Door, ids: list[int]) -> dict[str, Any]:
    """Give what the door says to all questions, page after page."""
    told: dict[str, Any] = {}
    for path, query in QUESTIONS:
        words = {name: value.replace("{0}", str(ids[0])) for name, value in query.items()}
        where = path.format(*ids, at=AT)
        where = where.replace("FeaturesOfInterest(1)", f"FeaturesOfInterest({first_feature(door)})")
        pages = [door.ask("GET", where, **words)]
        while (link := (pages[-1].told or {}).get("@iot.nextLink")) and len(pages) < PAGES:
            parts = urlsplit(link)
            follow = {name[1:]: value for name, value in parse_qsl(parts.query)}
            pages.append(door.ask("GET", parts.path.removeprefix("/sta/v1.1/"), **follow))
        assert {page.status_code for page in pages} == {200}, (where, words, pages[-1].content)
        told[f"{path} {query}"] = [page.content.decode() for page in pages]
    return told


def first_feature(door: Door) -> int:
    return int(door.get("FeaturesOfInterest", orderby="id", top="1")["value"][0]["@iot.id"])


@pytest.fixture(scope="module")
def moved(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[World]:
    """Ask everything, let the night come, and leave it so for all tests of this file; all is taken back."""
    before_this = settings.HISTORY
    settings.HISTORY = tmp_path_factory.mktemp("history")
    with django_db_blocker.unblock(), transaction.atomic():
        cache.clear()
        Remembered.drop_all()
        door = door_of(build(tmp_path_factory.mktemp("air")), "parks", "sense", per_minute=100_000)
        ids = filled(door)
        before = answers(door, ids)
        assert age(by=BY, at=city_clock.now()) is not None
        bring((ids[0], AT + 30 * 60_000_000, 2.0))  # late: stands in the database again
        bring((ids[2], AT + 31 * HOUR, 3.0))
        yield World(door, ids, before)
        transaction.set_rollback(True)
    settings.HISTORY = before_this


@pytest.fixture
def world(moved: World, db: None, settings: Any) -> World:
    settings.CITYLOOP_CACHE_SECONDS = 3600.0
    return moved


def test_every_question_is_answered_as_before(world: World) -> None:
    assert Observation.objects.count() == 3 + 2 and Aged.objects.count() == 3
    late = Observation.objects.exclude(datastream=world.ids[1]).order_by("datastream", "time")
    with transaction.atomic():
        sid = transaction.savepoint()
        keep = [row.pk for row in late if row.time in (AT + 30 * 60_000_000, AT + 31 * HOUR)]
        for stream_, time, lasts in keep:
            Observation.objects.filter(datastream=stream_, time=time, lasts=lasts).delete()
        connection.cursor().execute("UPDATE sensing_latest SET count = count - 1 WHERE datastream_id IN (%s, %s)",
                                    [world.ids[0], world.ids[2]])  # fmt: skip
        after = answers(world.door, world.ids)
        transaction.savepoint_rollback(sid)
    wrong = [question for question, told in after.items() if told != world.before[question]]
    assert wrong == []


def test_late_readings_stand_between_those_that_moved(world: World) -> None:
    told = world.door.get(f"Datastreams({world.ids[0]})/Observations", top="3", count="true")
    times = [one["phenomenonTime"] for one in told["value"]]
    assert times == [shown(AT), shown(AT + HOUR // 2), shown(AT + HOUR)]
    assert told["@iot.count"] == DAYS * 24 + 2
    words = "phenomenonTime ge 2026-01-01T00:00:00Z and result ge 0"
    assert world.door.get("Observations", filter=words, count="true", top="1")["@iot.count"] == DAYS * 28 + 3


def test_the_newest_page_of_today_asks_nothing_of_the_history(world: World) -> None:
    now = city_clock.now()
    bring(*((world.ids[3], now - n * 60_000_000, 1.0) for n in range(5)), now=now)

    def cost(**query: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            world.door.get(f"Datastreams({world.ids[3]})/Observations", **query)
        return len([q for q in caught.captured_queries if "sensing" in q["sql"]])

    assert cost(top="3", orderby="phenomenonTime desc") == cost(top="9", orderby="phenomenonTime desc") - 1 == 2


def test_too_many_old_readings_at_once_are_refused(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(joining, "MOST", 50)
    answer = world.door.ask("GET", "Observations", orderby="result")
    assert (answer.status_code, answer.told["refusal"]) == (400, "sensing.history.much")
    path = f"Datastreams({world.ids[0]})/Observations"
    assert world.door.ask("GET", path, orderby="result", filter="phenomenonTime lt 2026-01-02T00:00:00Z").told["value"]


def test_nobody_passes_over_a_whole_history(world: World, monkeypatch: Any) -> None:
    """All that a page passes over is looked at there: by `$skip`, and in an order that pages cannot go on from."""
    monkeypatch.setattr(joining, "FURTHEST", 20)
    ends = {"skip": "21"}, {"skip": "21", "orderby": "result"}, {"skip": str(2**39), "orderby": "phenomenonTime desc"}
    for query in ends:
        answer = world.door.ask("GET", "Observations", **query)
        assert (answer.status_code, answer.told["refusal"], answer.told["field"]) == (
            400, "sensing.history.far", "$skip")  # fmt: skip
    assert world.door.get("Observations", skip="20", top="1")["value"]
    assert world.door.get(f"Datastreams({world.ids[3]})/Observations", skip="21")["value"] == []
    nested = world.door.ask("GET", "Datastreams", expand="Observations($skip=21)")
    assert (nested.status_code, nested.told["field"]) == (400, "$skip")
    told = world.door.get("Observations", orderby="Datastream/Thing/name", top="20")
    query = {name[1:]: value for name, value in parse_qsl(urlsplit(told["@iot.nextLink"]).query)}
    told = world.door.get("Observations", **query)
    query = {name[1:]: value for name, value in parse_qsl(urlsplit(told["@iot.nextLink"]).query)}
    assert world.door.ask("GET", "Observations", **query).told["refusal"] == "sensing.history.far"


def test_what_is_passed_over_of_both_is_told_once(world: World) -> None:
    path = f"Datastreams({world.ids[0]})/Observations"
    everything = [one["@iot.id"] for one in world.door.get(path, top="300")["value"]]
    for skip in (1, 2, 50, len(everything) - 2):
        told = world.door.get(path, skip=str(skip), top="5")["value"]
        assert [one["@iot.id"] for one in told] == everything[skip : skip + 5]
        (one,) = world.door.get("Datastreams", filter=f"id eq {world.ids[0]}",
                                expand=f"Observations($skip={skip};$top=5)")["value"]  # fmt: skip
        assert [one["@iot.id"] for one in one["Observations"]] == everything[skip : skip + 5]


def test_a_reading_of_the_history_is_put_right_and_removed(moved: World, world: World) -> None:
    door, pk = world.door, world.ids[0]
    with transaction.atomic():
        sid = transaction.savepoint()
        address = f"Observations('{pk}-{AT + 3 * HOUR}')"
        assert door.ask("PATCH", address, {"result": 4.25}).status_code == 200
        assert door.get(address)["result"] == 4.25
        page = door.get(f"Datastreams({pk})/Observations", filter="result eq 4.25", count="true")
        assert (page["@iot.count"], len(page["value"])) == (1, 1)
        old = door.get(f"Datastreams({pk})/Observations", filter=f"phenomenonTime eq {shown(AT + 3 * HOUR)}")["value"]
        assert [one["result"] for one in old] == [4.25]
        count = door.get(f"Datastreams({pk})/Observations", count="true", top="1")["@iot.count"]
        for at in (AT, AT + 3 * HOUR, AT + (DAYS * 24 - 1) * HOUR):
            assert door.ask("DELETE", f"Observations('{pk}-{at}')").status_code == 200
            assert door.ask("GET", f"Observations('{pk}-{at}')").status_code == 404
        assert door.ask("DELETE", f"Observations('{pk}-{AT}')").status_code == 404
        told = door.get(f"Datastreams({pk})/Observations", count="true", top="1")
        assert (told["@iot.count"], told["value"][0]["phenomenonTime"]) == (count - 3, shown(AT + HOUR // 2))
        newest = door.get(f"Datastreams({pk})", expand="Observations($top=1;$orderby=phenomenonTime desc)")
        assert newest["Observations"][0]["phenomenonTime"] == shown(AT + (DAYS * 24 - 2) * HOUR)
        assert newest["phenomenonTime"] == f"{shown(AT + HOUR // 2)}/{shown(AT + (DAYS * 24 - 2) * HOUR)}"
        done = age(by=BY, at=city_clock.now())
        assert done is not None and done.withdrawn == 2  # the newest one had not moved
        again = door.get(f"Datastreams({pk})/Observations", count="true", top="1")
        assert again["@iot.count"] == count - 3 and again["value"] == told["value"]
        transaction.savepoint_rollback(sid)


def test_readings_of_the_history_have_addresses(world: World) -> None:
    told = world.door.get(f"Observations('{world.ids[1]}-{AT}')")
    assert told["result"] == "N" and told["@iot.selfLink"] == f"{ROOT}/Observations('{world.ids[1]}-{AT}')"
    assert world.door.ask("GET", f"Observations('{world.ids[1]}-{AT + 1}')").status_code == 404


def test_the_history_has_a_folder_of_its_own(world: World) -> None:
    assert list(Path(settings.HISTORY).glob("readings/property=*/day=2026-01-01/*.parquet"))


def files_read(monkeypatch: Any) -> list[str]:
    """Give the names of files as they are read from now on."""
    found, read = list[str](), files.read

    def noting(kind: str, file: str, *rest: Any) -> Any:
        found.append(file)
        return read(kind, file, *rest)

    monkeypatch.setattr(files, "read", noting)
    return found


@pytest.mark.parametrize("words", [
    "Datastream/name eq 'PM2.5'", "'PM2.5' eq Datastream/name", "startswith(Datastream/name,'PM')",
    "Datastream/ObservedProperty/name eq 'PM2.5' and Datastream/Thing/name ne 'x'",
    "not (Datastream/name eq 'CO' or Datastream/name eq 'wind' or Datastream/name eq 'silent')",
    "Datastream/id lt {1}", "Datastream/unitOfMeasurement/symbol eq 'ug/m3' and length(Datastream/name) eq 5",
])  # fmt: skip
def test_of_datastreams_that_are_described_only_their_own_files_are_read(
    world: World, monkeypatch: Any, words: str
) -> None:
    words = words.replace("{1}", str(world.ids[1]))
    number = world.door.get(f"Datastreams({world.ids[0]})/Observations", count="true", top="0")["@iot.count"]
    read = files_read(monkeypatch)
    told = world.door.get("Observations", filter=words, count="true", top="300")
    assert told["@iot.count"] == len(told["value"]) == number
    assert {one["@iot.id"].partition("-")[0] for one in told["value"]} == {str(world.ids[0])}
    assert len({file.split("/")[1] for file in read}) == 1  # of one property
    odd = world.door.get("Observations", filter=f"{words} and result gt 20", count="true", top="0")["@iot.count"]
    assert 0 < odd < number
    assert world.door.get("Observations", filter="Datastream/name eq 'none'", count="true") == {
        "@iot.count": 0, "value": []
    }  # fmt: skip


def test_files_of_a_property_are_read_once_whatever_the_number_of_its_datastreams(
    world: World, monkeypatch: Any
) -> None:
    sid = transaction.savepoint()
    shared = {"ObservedProperty": {"@iot.id": Datastream.objects.get(pk=world.ids[0]).observed_property_id}}
    for number in range(4):
        set_up(stream(f"other {number}", **shared))
    more = list(Datastream.objects.exclude(pk__in=world.ids).values_list("pk", flat=True))
    bring(*((pk, AT + n * HOUR, 21.5) for pk in more for n in range(50)))
    assert age(by=BY, at=city_clock.now()) is not None
    read = files_read(monkeypatch)
    told = world.door.get("Observations", filter="result eq 21.5", count="true", top="0")
    assert told["@iot.count"] == 4 * 50 and len(read) == len(set(read)) > 8
    transaction.savepoint_rollback(sid)
