"""Reading through the door: shapes, filters, pages, tags, and what it costs."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases.models import Case
from cityloop.town.columns import real_now, rfc3339
from cityloop.town.files.models import File
from cityloop.town.ledger.actions import sequence
from tests.doors.api.conftest import ask, name_of
from tests.loops.cases.smallville import DAY, STRAIGHT, Town
from tests.steady import steady

Key = Callable[..., str]
PHOTO = {
    "sha256": "0" * 64,
    "source_sha256": "1" * 64,
    "size": 1,
    "mime": "image/jpeg",
    "width": 1,
    "height": 1,
    "created": 1,
}


def numbers(path: str, key: str) -> list[str]:
    answer = ask("GET", path, key)
    assert answer.status == 200, answer.body
    return [one["number"] for one in answer.body["items"]]


def test_pages_are_stable_under_inserts(town: Town, key: Key) -> None:
    first = [name_of(town.collect().case) for _ in range(7)]
    path, seen = "/api/v1/cases?limit=3", []
    while path:
        answer = ask("GET", path, key("shift"))
        seen += [one["number"] for one in answer.body["items"]]
        town.collect()  # what comes in meanwhile neither shifts nor repeats what is below
        path = answer.body["next"]
        assert (f'<{path}>; rel="next"' == answer.headers.get("Link")) if path else "Link" not in answer.headers
    assert seen == first[::-1]


def test_filters(town: Town, key: Key) -> None:
    tree = name_of(town.to("dispatched"))
    hole = name_of(town.collect(matter="hole", lon=10.15, lat=50.02).case)
    secret = name_of(town.collect(matter="secret", lon=10.15, lat=50.02).case)
    done = name_of(town.to("closed"))
    mine = key("shift")
    for query, wanted in (
        ("", {tree, hole, secret, done}), ("state=dispatched", {tree}), ("open=true", {tree, hole, secret}),
        ("open=false", {done}), ("matter=hole", {hole}), ("unit=100102", {hole, secret}), ("org=roads", {tree, done}),
        ("org=parks&open=true", {tree}), (f"number={hole}", {hole}), (f"number={int(hole[-6:])}", {hole}),
        ("bbox=10.1,50,10.2,50.05", {hole, secret}), ("bbox=-170,-80,170,80", {tree, hole, secret, done}),
        ("bbox=11,50,12,51", set()), ("overdue=false", {tree, hole, secret, done}), ("state=handling", set()),
    ):  # fmt: skip
        assert set(numbers(f"/api/v1/cases?{query}", mine)) == wanted, query


@pytest.mark.parametrize("at", ["cases", "map"])
@pytest.mark.parametrize("field", ["state", "matter", "unit", "org"])
def test_what_is_none_is_not_taken_for_calm(town: Town, key: Key, at: str, field: str) -> None:
    town.to("dispatched")
    answer = ask("GET", f"/api/v1/{at}?{field}=nope", key("shift"))
    assert (answer.status, answer.body["field"]) == (400, field)


def test_overdue(town: Town, key: Key) -> None:
    late = name_of(town.to("handling"))  # in 2018: long overdue by the city's clock of today
    town.to("collected")
    assert numbers("/api/v1/cases?overdue=true", key("shift")) == [late]


def test_since_gives_what_was_stepped_since(town: Town, key: Key) -> None:
    old, new = town.collect().case, town.collect().case
    sequence()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_step SET recorded_at = recorded_at - 3600000000")
    since = rfc3339(real_now() - 60_000_000)
    mine = key("shift")
    assert numbers(f"/api/v1/cases?since={since}", mine) == []
    town.take(old, "note", "shift", words="seen")
    assert numbers(f"/api/v1/cases?since={since}", mine) == [name_of(old)]  # also before it has its offset
    sequence()
    assert numbers(f"/api/v1/cases?since={since}", mine) == [name_of(old)]
    assert set(numbers("/api/v1/cases?since=2001-01-01T00:00:00Z", mine)) == {name_of(old), name_of(new)}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"), ("limit=501", "limit"), ("limit=²", "limit"), ("limit=1.0", "limit"),
        ("colour=red", "colour"),
        ("cursor=x", "cursor"), ("cursor=WyJhIl0", "cursor"), ("cursor=Wy0xXQ", "cursor"),
        ("cursor=WzFdWzFd", "cursor"),
        ("bbox=1,2,3", "bbox"), ("bbox=nan,1,2,3", "bbox"), ("bbox=3,1,2,3", "bbox"), ("bbox=1,1,inf,3", "bbox"),
        ("since=yesterday", "since"), ("since=2026-01-01T00:00:00", "since"), ("org=nobody", "org"),
        ("state=a&state=b", "state"), ("unit=%00", "unit"), ("overdue=maybe", "overdue"), ("open=1", "open"),
        ("unit=" + "1" * 99, "unit"), ("number=" + "9" * 60, "number"),
    ],
)  # fmt: skip
def test_hostile_questions_are_refused_by_name(town: Town, key: Key, query: str, field: str) -> None:
    answer = ask("GET", f"/api/v1/cases?{query}", key("shift"))
    assert answer.status in (400, 422) and answer.body["field"] == field, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_what_changes_without_a_step_is_sent_again(town: Town, key: Key) -> None:
    case = town.to("handling")
    path, mine = f"/api/v1/cases/{name_of(case)}", key("parks")
    for address, change in (
        (path, lambda: File.objects.create(subject=f"case:{case}", **PHOTO)),
        (path, lambda: Case.objects.filter(pk=case).update(due=1)),
        (f"{path}/timeline", sequence),
    ):
        tag = ask("GET", address, mine).headers["ETag"]
        assert ask("GET", address, mine, If_None_Match=tag).status == 304
        change()
        assert ask("GET", address, mine, If_None_Match=tag).status == 200, address


def test_no_line_break_of_an_address_reaches_a_header(town: Town, key: Key) -> None:
    case = town.to("handling")
    for address in (f"{name_of(case)}/timeline?cursor=WzEwXQ%3D%3D%0A", f"{name_of(case)}%0A/timeline?limit=1"):
        answer = ask("GET", f"/api/v1/cases/{address}", key("parks"))
        assert answer.status in (200, 400, 404, 422), answer.body


def test_a_case_is_whole(town: Town, key: Key) -> None:
    case = town.to("handling")
    said = ask("GET", f"/api/v1/cases/{name_of(case)}", key("parks")).body
    assert said["state"] == "handling" and said["organisation"] == "parks" and said["matter"] == "tree"
    assert [(p["organisation"], p["role"], p["state"]) for p in said["parts"]] == [
        ("parks", "lead", "accepted"), ("roads", "assisting", "assigned"),
    ]  # fmt: skip
    assert [m["limit"] for m in said["milestones"]] == ["1 uh", "5 wd"]
    assert said["clocks"]["handling"]["due"] == said["due"]
    assert said["links"]["timeline"].endswith("/timeline")


def test_a_case_says_whether_it_was_late_also_after_an_appeal(town: Town, key: Key) -> None:
    case = town.to("handling")
    town.take(case, "report_back", "parks", after=30 * DAY, words="Cut")
    for action, who, data in STRAIGHT[4:]:
        town.take(case, action, who, **data)
    town.take(case, "appeal", "parks", words="The road was closed")
    told = []
    for who in ("dispatcher", "shift"):
        town.take(case, "decide", who, request=1, answer="granted")
        whole = ask("GET", f"/api/v1/cases/{name_of(case)}", key("shift")).body
        told.append((whole["late"], whole["late_adjusted"]))
    assert told == [(True, True), (True, False)], "the second stage decides"


def test_tags(town: Town, key: Key) -> None:
    case = town.to("handling")
    mine = key("shift")
    for path in (
        f"/api/v1/cases/{name_of(case)}", f"/api/v1/cases/{name_of(case)}/timeline", "/api/v1/units", "/api/v1/matters",
        "/api/v1/organisations", "/api/v1/units/1001", "/api/v1/openapi.json",
    ):  # fmt: skip
        fresh = ask("GET", path, mine)
        again = ask("GET", path, mine, If_None_Match=fresh.headers["ETag"])
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", fresh.headers["ETag"]), path
        assert ask("GET", path, mine, If_None_Match='"other", W/"none"').status == 200
    town.take(case, "note", "shift", words="more")
    path = f"/api/v1/cases/{name_of(case)}"
    assert ask("GET", path, mine, If_None_Match=f'"{4}"').status == 200


def test_the_timeline_tells_words_and_pages(town: Town, key: Key) -> None:
    case = town.to("handling")
    town.take(case, "note", "shift", words="seen from the road")
    path = f"/api/v1/cases/{name_of(case)}/timeline?limit=2"
    first = ask("GET", path, key("shift")).body
    assert first["items"][0]["what"] == "note" and first["items"][0]["words"] == {"words": "seen from the road"}
    rest, path = [], first["next"]
    while path:
        page = ask("GET", path, key("shift")).body
        rest, path = rest + page["items"], page["next"]
    assert [one["seq"] for one in first["items"] + rest] == [5, 4, 3, 2, 1]


def test_the_worklist_is_mine(town: Town, key: Key) -> None:
    town.to("dispatched")
    handled = town.to("handling")
    parks = ask("GET", "/api/v1/worklist", key("parks")).body["items"]
    assert {one["what"] for one in parks} <= {"dispatched", "handling", "milestone"} and len(parks) >= 2
    assert name_of(handled) in {one["number"] for one in parks}
    page, seen = "/api/v1/worklist?limit=1", []
    while page:
        said = ask("GET", page, key("parks")).body
        seen += said["items"]
        page = said["next"]
    assert seen == parks
    assert ask("GET", "/api/v1/worklist", key("police")).body["items"] == []


def test_the_city(town: Town, key: Key) -> None:
    mine = key("parks")
    districts = ask("GET", "/api/v1/units?level=1", mine).body["items"]
    assert [u["code"] for u in districts if u["kind"] == "normal"] == ["100101", "100102"]
    found = ask("GET", "/api/v1/units/100101", mine).body
    assert [u["code"] for u in found["path"]] == ["1001", "100101"] and found["children"]
    assert ask("GET", "/api/v1/units/999", mine).status == 404
    assert [u["names"]["en"] for u in ask("GET", "/api/v1/units?q=west&limit=1", mine).body["items"]] == ["West"]
    every, path = [], "/api/v1/units?limit=2"
    while path:
        page = ask("GET", path, mine).body
        every, path = every + [u["code"] for u in page["items"]], page["next"]
    assert every == sorted(every) and len(every) == len(set(every)) > 6
    keys = {o["key"]: o for o in ask("GET", "/api/v1/organisations", mine).body["items"]}
    assert keys["parks"]["parent"] == "city" and keys["city"]["parent"] == ""
    assert [m["code"] for m in ask("GET", "/api/v1/matters", mine).body["items"]] == ["hole", "secret", "tree"]
    me = ask("GET", "/api/v1/me", mine).body
    assert [(p["role"], p["organisation"]) for p in me["posts"]] == [("department_officer", "parks")]


def test_the_map(town: Town, key: Key) -> None:
    case = name_of(town.to("handling"))
    town.collect(lon=None, lat=None, unit="100101")
    town.to("closed")
    answer = ask("GET", "/api/v1/map?unit=100101", key("parks"))
    assert answer.headers["Content-Type"] == "application/geo+json"
    (mark,) = answer.body["features"]
    assert mark["id"] == case and mark["geometry"] == {"type": "Point", "coordinates": [10.05, 50.07]}
    assert ask("GET", "/api/v1/map?bbox=10.1,50,10.2,50.1", key("parks")).body["features"] == []
    town.collect()
    assert ask("GET", "/api/v1/map?limit=1", key("shift")).body["truncated"] is True


def test_a_map_that_is_kept_is_nobody_elses_and_never_old(town: Town, key: Key) -> None:
    path = "/api/v1/map?unit=1001"
    marks = {who: len(ask("GET", path, key(who)).body["features"]) for who in ("shift", "parks")}
    assert marks == {"shift": 0, "parks": 0}
    for n in (1, 2):
        town.collect()
        first, again = ask("GET", path, key("shift")), ask("GET", path, key("shift"))
        assert len(first.body["features"]) == len(again.body["features"]) == n
        assert ask("GET", path, key("parks")).body["features"] == []


@pytest.fixture
def remembered(settings: Any) -> None:
    steady(settings)


COSTS = {
    "/api/v1/me": 2, "/api/v1/cases": 4, "/api/v1/cases?state=handling&unit=100101": 4, "/api/v1/map": 5,
    "/api/v1/cases/{}": 5, "/api/v1/cases/{}/actions": 4, "/api/v1/cases/{}/timeline": 5, "/api/v1/worklist": 4,
    "/api/v1/units": 2, "/api/v1/units/1001": 4, "/api/v1/organisations": 2, "/api/v1/matters": 1,
}  # fmt: skip


def test_what_each_route_asks_the_database(town: Town, key: Key, remembered: None) -> None:
    """As many statements for one case as for many."""
    for round_ in range(2):
        for _ in range(1 + 5 * round_):
            case = name_of(town.to("handling"))
        for path, most in COSTS.items():
            ask("GET", path.format(case), key("parks"))
            with CaptureQueriesContext(connection) as queries:
                assert ask("GET", path.format(case), key("parks")).status == 200
            assert len(queries) <= most, path + "\n" + "\n".join(q["sql"] for q in queries)


def test_acting_costs_what_the_action_costs(town: Town, key: Key, remembered: None) -> None:
    case = town.to("handling")
    mine = key("shift")
    ask("POST", f"/api/v1/cases/{name_of(case)}/actions/note", mine, {"data": {"words": "a"}})
    with CaptureQueriesContext(connection) as plain:
        cases.take(case=case, act=Act("note", {"words": "b"}), by=town.actor("shift"), at=real_now())
    with CaptureQueriesContext(connection) as asked:
        ask("POST", f"/api/v1/cases/{name_of(case)}/actions/note", mine, {"data": {"words": "c"}})
    assert len(asked) <= len(plain) + 2  # the key, and the posts behind it
