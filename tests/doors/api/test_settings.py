"""Setting the city up through the door: every post reads, the city engineer changes, nobody overwrites unseen."""

from collections.abc import Callable
from typing import Any

import pytest

from cityloop.town.catalog import queries as catalog
from cityloop.town.ledger.models import Step
from cityloop.town.orgs.models import Holding, Organisation
from tests.doors.api.conftest import ask
from tests.loops.cases.smallville import Town
from tests.town.staff import make_account, seat

Key = Callable[..., str]
HOURS = [[["09:00", "17:00"]]] * 5 + [[], []]
ROOT = "/api/v1/settings"
XYZ, DAY = "https://tiles.example.org/{z}/{x}/{y}.webp", "2018-03-01"
READS = (
    "catalogue", "matters/tree", "organisations/parks", "people", "calendars", "calendars/city", "loops/case",
)  # fmt: skip
CHANGES: list[tuple[str, str, Any, int]] = [
    ("PATCH", "matters/tree", {"urgent": True}, 200),
    ("PUT", "matters/tree/lines", {"unit": "100101", "lead": "roads"}, 200),
    ("POST", "organisations", {"key": "lamps", "names": {"en": "Lamps"}}, 201),
    ("PATCH", "organisations/parks", {"names": {"en": "Parks & Trees"}}, 200),
    ("POST", "organisations/parks/posts", {"role": "crew", "unit": "100101"}, 201),
    ("POST", "people", {"username": "m.lee"}, 201),
    ("PUT", "calendars/night", {"zone": "America/New_York", "shifts": HOURS}, 200),
    ("PUT", "imagery/autumn", {"names": {"en": "Autumn"}, "kind": "xyz", "address": XYZ, "taken_from": DAY}, 200),
    ("PATCH", "units/100101", {"names": {"en": "Westend", "zh-hans": "西区"}}, 200),
]


@pytest.fixture
def engineer(town: Town, key: Key) -> str:
    town.accounts["engineer"] = seat(town.orgs["city"], "city_engineer")
    return key("engineer")


def test_every_post_reads_and_a_stranger_does_not(town: Town, key: Key, engineer: str) -> None:
    for path in READS:
        for who in ("parks", "engineer"):
            answer = ask("GET", f"{ROOT}/{path}", key(who))
            assert answer.status == 200, (path, answer.body)
        assert ask("GET", f"{ROOT}/{path}", key(make_account())).status == 403, path
        assert ask("GET", f"{ROOT}/{path}").status == 401


@pytest.mark.parametrize(("method", "path", "body", "status"), CHANGES, ids=[f"{m} {p}" for m, p, _b, _s in CHANGES])
def test_only_the_city_engineer_changes(
    town: Town, key: Key, engineer: str, method: str, path: str, body: Any, status: int
) -> None:
    before = Step.objects.count()
    part = seat(town.orgs["city"], "city_engineer", unit="100101")  # of a part of the city only
    for who in ("shift", "commander", part):
        refused = ask(method, f"{ROOT}/{path}", key(who), body)
        assert (refused.status, refused.body["code"]) == (403, "authority.denied"), who
    assert ask(method, f"{ROOT}/{path}", key("engineer", "read", "act"), body).body["code"] == "api.scope"
    before = Step.objects.count()
    answer = ask(method, f"{ROOT}/{path}", engineer, body)
    assert answer.status == status, answer.body
    assert Step.objects.count() > before  # on the ledger


def test_a_matter_is_changed_on_the_version_that_was_seen(town: Town, engineer: str) -> None:
    path = f"{ROOT}/matters/tree"
    seen = ask("GET", path, engineer)
    assert seen.body["lines"][0]["lead"] == "parks" and [m["limit"] for m in seen.body["milestones"]] == [
        "1 uh",
        "5 wd",
    ]
    tag = seen.headers["ETag"]
    assert ask("GET", path, engineer, If_None_Match=tag).status == 304
    changed = ask("PATCH", path, engineer, {"urgent": True, "level": 1}, If_Match=tag)
    assert changed.status == 200 and changed.body["urgent"] and changed.body["level"] == 1
    assert changed.body["catalogue"] == catalog.last_digest() != seen.body["catalogue"]
    late = ask("PATCH", path, engineer, {"urgent": False}, If_Match=tag)
    assert (late.status, late.body["code"]) == (412, "api.match")
    assert ask("PATCH", path, engineer, {"level": 1}, If_Match=f"{tag}, {changed.headers['ETag']}").status == 200
    assert ask("GET", path, engineer).body["urgent"] is True
    wrong = ask("PATCH", path, engineer, {"milestones": [{"name": {"en": "x"}, "limit": "soon"}]})
    assert wrong.status == 400 and wrong.body["field"] == "milestones"
    assert ask("PATCH", f"{ROOT}/matters/nothing", engineer, {"urgent": True}).status == 404


def test_lines_of_the_citys_own(town: Town, engineer: str) -> None:
    path = f"{ROOT}/matters/tree/lines"
    put = ask("PUT", path, engineer, {"unit": "100101", "lead": "roads", "assisting": ["parks"]})
    own = [line for line in put.body["lines"] if line["own"]]
    assert own == [{"matter": "tree", "unit": "100101", "lead": "roads", "assisting": ["parks"], "own": True}]
    assert ask("PUT", path, engineer, {"unit": "77", "lead": "roads"}).status in (400, 404)
    assert ask("PUT", path, engineer, {"lead": "nobody"}).status == 400
    gone = ask("DELETE", f"{path}/100101", engineer)
    assert gone.status == 200 and not [line for line in gone.body["lines"] if line["own"]]
    assert ask("DELETE", f"{path}/city", engineer).status == 400


def test_organisations_posts_people(town: Town, key: Key, engineer: str) -> None:
    made = ask("POST", f"{ROOT}/organisations", engineer, {"key": "lamps", "names": {"en": "Lamps"}, "parent": "roads"})
    assert made.body["parent"] == "roads" and made.body["posts"] == []
    again = ask("POST", f"{ROOT}/organisations", engineer, {"key": "lamps", "names": {"en": "Lamps"}})
    assert (again.status, again.body["code"]) == (409, "orgs.key.taken")
    tag = made.headers["ETag"]
    path = f"{ROOT}/organisations/lamps"
    moved = ask("PATCH", path, engineer, {"parent": "parks", "names": {"en": "Lights"}}, If_Match=tag)
    assert moved.body["parent"] == "parks" and moved.body["names"] == {"en": "Lights"}
    assert ask("PATCH", path, engineer, {"active": False}, If_Match=tag).status == 412
    assert ask("PATCH", path, engineer, {"active": True}, If_Match=f'"x", {tag}').status == 412
    several = f'W/"x",{tag} , {moved.headers["ETag"]}'
    assert ask("PATCH", path, engineer, {"active": True}, If_Match=several).status == 200
    circle = ask("PATCH", f"{ROOT}/organisations/parks", engineer, {"names": {"en": "X"}, "parent": "lamps"})
    assert circle.status == 400 and Organisation.objects.get(key="parks").names["en"] == "Parks"  # all or nothing
    user = ask("POST", f"{ROOT}/people", engineer, {"username": "m.lee"}).body
    assert user["username"] == "m.lee" and len(user["password"]) >= 15
    assert ask("POST", f"{ROOT}/people", engineer, {"username": "m.lee"}).status == 409
    seat_of = {"username": "m.lee", "organisation": "lamps", "role": "department_officer", "unit": "100101"}
    held = ask("POST", f"{ROOT}/holdings", engineer, seat_of).body
    assert ask("POST", f"{ROOT}/holdings", engineer, seat_of).status == 409
    (person,) = ask("GET", f"{ROOT}/people?begins=m.l", engineer).body["items"]
    assert person["holds"] == [held] and held["organisation"] == "lamps"
    posts = ask("GET", path, key("parks")).body["posts"]
    assert [(p["role"], p["username"]) for p in posts] == [("department_officer", "m.lee")]
    assert ask("DELETE", f"{ROOT}/holdings/{held['holding']}", engineer).status == 204
    assert ask("DELETE", f"{ROOT}/holdings/{held['holding']}", engineer).status == 409
    assert ask("DELETE", f"{path}/posts/{held['post']}", engineer).body["posts"] == []
    assert ask("DELETE", f"{ROOT}/organisations/parks/posts/{held['post']}", engineer).status == 404
    assert ask("DELETE", f"{ROOT}/people/m.lee", engineer).status == 204
    assert ask("GET", f"{ROOT}/people?begins=m.l", engineer).body["items"][0]["active"] is False


def test_a_closed_account_is_opened_again_and_nobody_appoints_themselves(town: Town, key: Key, engineer: str) -> None:
    name = town.accounts["parks"].username
    reopen = f"{ROOT}/people/{name}/reopen"
    refused = ask("POST", reopen, engineer, {})
    assert (refused.status, refused.body["code"], refused.body["field"]) == (409, "persons.account.open", "username")
    assert ask("DELETE", f"{ROOT}/people/{name.upper()}", engineer).status == 204
    assert ask("POST", reopen, key("shift"), {}).status == 403
    opened = ask("POST", reopen, engineer, {})
    assert opened.body["username"] == name and len(opened.body["password"]) >= 15
    told = ask("GET", f"{ROOT}/people/{name}", engineer).body
    assert told["active"] and [held["role"] for held in told["holds"]] == ["department_officer"]
    me = town.accounts["engineer"].username
    mine = ask("POST", f"{ROOT}/holdings", engineer, {"username": me, "organisation": "city", "role": "leader"})
    assert (mine.status, mine.body["code"], mine.body["field"]) == (403, "orgs.holding.self", "username")


def test_the_last_city_engineer_does_not_lock_the_city_out(town: Town, key: Key) -> None:
    """Neither by ending the own post, nor by closing it or the account."""
    account = seat(town.orgs["city"], "city_engineer")
    engineer = key(account)
    seat(town.orgs["city"], "city_engineer", unit="100101")  # of a part: sets nothing up
    held = Holding.objects.get(account=account)
    ways = (f"holdings/{held.pk}", f"people/{account.username}", f"organisations/city/posts/{held.post_id}")
    for way in ways:
        refused = ask("DELETE", f"{ROOT}/{way}", engineer)
        assert (refused.status, refused.body["code"]) == (409, "orgs.setter.last"), way
    second = seat(town.orgs["city"], "city_engineer", account=make_account())
    assert ask("DELETE", f"{ROOT}/holdings/{held.pk}", engineer).status == 204
    assert ask("GET", f"{ROOT}/people/{second.username}", key(second)).body["active"] is True


def seen(path: str, key: str) -> str:
    return str(ask("GET", path, key).headers["ETag"])


def test_an_organisation_and_its_posts_are_changed_on_the_version_that_was_seen(town: Town, engineer: str) -> None:
    path = f"{ROOT}/organisations/parks"
    tag = seen(path, engineer)
    assert ask("GET", path, engineer, If_None_Match=tag).status == 304
    crew = {"role": "crew", "unit": "100101"}
    made = ask("POST", f"{path}/posts", engineer, crew, If_Match=tag)
    assert made.status == 201 and made.headers["ETag"] == seen(path, engineer) != tag
    post = max(one["post"] for one in made.body["posts"])
    late = [
        ask("POST", f"{path}/posts", engineer, crew, If_Match=tag),
        ask("DELETE", f"{path}/posts/{post}", engineer, If_Match=tag),
        ask("PATCH", path, engineer, {"names": {"en": "X"}}, If_Match=tag),
    ]
    assert [(one.status, one.body["code"]) for one in late] == [(412, "api.match")] * 3
    assert all(one.headers["ETag"] == made.headers["ETag"] for one in late)
    change = late[0].body["changes"][0]
    assert (change["what"], change["role"], change["data"]["role"]) == ("added", "city_engineer", "crew")
    assert ask("DELETE", f"{path}/posts/{post}", engineer, If_Match=made.headers["ETag"]).status == 200
    gone = ask("PATCH", path, engineer, {"names": {"en": "X"}}, If_Match=made.headers["ETag"])
    assert gone.body["changes"][0]["what"] == "closed" and Organisation.objects.get(key="parks").names["en"] == "Parks"


def test_an_account_and_what_it_holds_are_changed_on_the_version_that_was_seen(town: Town, engineer: str) -> None:
    ask("POST", f"{ROOT}/people", engineer, {"username": "m.lee"})
    path = f"{ROOT}/people/m.lee"
    tag = seen(path, engineer)
    assert ask("GET", path, engineer, If_None_Match=tag).status == 304
    assert ask("GET", f"{ROOT}/people/nobody", engineer).status == 404
    wanted = {"username": "m.lee", "organisation": "parks", "role": "crew", "unit": "100101"}
    held = ask("POST", f"{ROOT}/holdings", engineer, wanted, If_Match=tag).body["holding"]
    late = [
        ask("POST", f"{ROOT}/holdings", engineer, {**wanted, "role": "department_officer"}, If_Match=tag),
        ask("DELETE", f"{ROOT}/holdings/{held}", engineer, If_Match=tag),
        ask("DELETE", path, engineer, If_Match=tag),
    ]
    assert [one.status for one in late] == [412] * 3
    assert late[2].body["changes"][0]["what"] == "appointed" and late[2].headers["ETag"] == seen(path, engineer)
    assert ask("DELETE", f"{ROOT}/holdings/{held}", engineer, If_Match=seen(path, engineer)).status == 204
    assert ask("DELETE", path, engineer, If_Match=seen(path, engineer)).status == 204


def test_who_comes_late_is_told_what_was_published_and_changed_since(town: Town, engineer: str) -> None:
    path = f"{ROOT}/matters/tree"
    tag = seen(path, engineer)
    for body in ({"urgent": True}, {"level": 1}):
        ask("PATCH", path, engineer, body)
    late = ask("PATCH", path, engineer, {"urgent": False}, If_Match=tag)
    assert late.status == 412 and late.headers["ETag"] == seen(path, engineer)
    numbers = [change["data"]["number"] for change in late.body["changes"]]
    assert len(numbers) == 2 and numbers[0] == numbers[1] + 1  # both since, none before
    calendar, unit = f"{ROOT}/calendars/city", "/api/v1/units/100101"
    old = {where: seen(where, engineer) for where in (calendar, unit)}
    kept = ask("GET", calendar, engineer).body
    body = {name: kept[name] for name in ("names", "zone", "shifts")}
    ask("PUT", calendar, engineer, {**body, "holidays": ["2026-10-01"]})
    ask("PATCH", f"{ROOT}/units/100101", engineer, {"names": {"en": "Westend"}})
    last = ask("PUT", calendar, engineer, body, If_Match=old[calendar])
    assert last.status == 412 and last.body["changes"][0]["kind"] == "changed"
    last = ask("PATCH", f"{ROOT}/units/100101", engineer, {"names": {"en": "West"}}, If_Match=old[unit])
    assert last.status == 412 and last.body["changes"][0]["what"] == "renamed"


def test_people_are_paged(town: Town, engineer: str) -> None:
    path, seen = f"{ROOT}/people?limit=3", []
    while path:
        page = ask("GET", path, engineer).body
        seen += [one["username"] for one in page["items"]]
        path = page["next"]
    assert seen == sorted(account.username for account in town.accounts.values())


def test_calendars_units_loops(town: Town, engineer: str) -> None:
    kept = ask("GET", f"{ROOT}/calendars/city", engineer)
    body = {name: kept.body[name] for name in ("names", "zone", "shifts")} | {"holidays": ["2026-10-01"]}
    changed = ask("PUT", f"{ROOT}/calendars/city", engineer, body, If_Match=kept.headers["ETag"])
    assert changed.status == 200 and changed.body["holidays"] == ["2026-10-01"]
    assert ask("PUT", f"{ROOT}/calendars/city", engineer, body, If_Match=kept.headers["ETag"]).status == 412
    assert ask("PUT", f"{ROOT}/calendars/city", engineer, {**body, "zone": "Nowhere"}).status == 400
    assert ask("PUT", f"{ROOT}/calendars/city", engineer, {**body, "shifts": [[]]}).status == 422
    assert ask("GET", f"{ROOT}/calendars/none", engineer).status == 404
    ask("PATCH", f"{ROOT}/units/100101", engineer, {"names": {"en": "Westend"}})
    assert ask("GET", "/api/v1/units?q=westend", engineer).body["items"][0]["code"] == "100101"
    loop = ask("GET", f"{ROOT}/loops/case", engineer).body
    assert loop["findings"] == [] and {"collected", "closed"} <= {state["key"] for state in loop["states"]}
    assert ("file", "collected", "filed") in {(w["action"], w["source"], w["target"]) for w in loop["ways"]}
