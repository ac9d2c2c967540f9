"""Nobody sees at any door what authority denies: every route × every role, a stranger, and who holds a code."""

import asyncio
import io
import re
import threading
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from cityloop.config import wiring
from cityloop.doors.web import live
from cityloop.ground.kit.remembered import Remembered
from cityloop.loops.cases.models import Follower
from cityloop.town.components import rights
from cityloop.town.ledger.models import Step
from cityloop.town.orgs.roles import MAY_ENTER, MAY_FIND, ROLES
from tests.browser.table import PAGES as SEEN
from tests.browser.table import PARTS
from tests.conftest import PROVE
from tests.doors.matrix import table
from tests.doors.matrix.table import TABLE, Row, routes
from tests.doors.matrix.town import ALL, CASES, FACETS, Marked, Viewer, World, world
from tests.doors.web.test_live import Screen, cookie_of, listen
from tests.steady import steady
from tests.town.hooks.receiver import Receiver

pytestmark = pytest.mark.xdist_group("matrix")
VIEWERS = ["stranger", *ROLES, "chief", "police", "reporter of plain", "reporter of hidden", "follower"]
# One of each kind asks everything. In `make test` the others share out among them where an account matters, each asking
# every third route of those; so do all on PostgreSQL.
WHOLE = ("stranger", "crew", "chief", "reporter of plain")
SHARE = 3
WRONG = "AAAA-BBBB-CCCC-DDDD"
REFUSED = (302, 400, 401, 403, 404, 405, 409, 422)


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[World]:
    """Build the town once for all tests of this file, in a transaction that is taken back."""
    from django.conf import settings

    folder, receiver = tmp_path_factory.mktemp("matrix"), Receiver()
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        patch.setattr(settings, "MEDIA_ROOT", folder / "media")
        patch.setattr(settings, "IMAGERY", folder / "imagery")
        patch.setattr(settings, "HOOKS_INSIDE", True)
        cache.clear()
        Remembered.drop_all()
        made = world(folder, receiver.url)
        for headers, body in receiver.got:
            made.sent.setdefault(headers["X-Path"].partition("&to=")[2], []).append(body)
        yield made
        transaction.set_rollback(True)
    receiver.stop()


@pytest.fixture(autouse=True)
def _unbraked() -> None:
    """Nobody is refused for having asked too often: that would hide why else."""
    cache.clear()


def test_every_route_is_in_the_table() -> None:
    assert set(routes(get_resolver())) == set(TABLE)
    assert set(wiring.RAW_ROUTES) == {
        "/live",
        "/api/v1/live",
        "/sta/v1.1",
        "/sta/v1.1/",
    }  # asked below; the second in tests/doors/web/test_live.py, the last two through Django's route of the same door
    assert {role.name for role in ROLES.values()} <= set(VIEWERS)
    assert all(row.get or row.post for row in TABLE.values())


# --- what each may know ---------------------------------------------------------------------------


def may_know(viewer: Viewer, door: str, case: str) -> frozenset[str]:
    """Give what somebody may learn of a case at a door."""
    openly, sees = CASES[case][4], case in viewer.sees
    if door == "public":
        return openly
    if door == "follow":
        return openly | (ALL - {"note"}) if viewer.own == case else openly
    if door == "open311":
        return openly - {"address"} | ({"words", "address"} if sees and openly else frozenset())
    return ALL if sees else frozenset()


def may(viewer: Viewer, who: str) -> bool:
    """Tell whether somebody may ask at all."""
    if who == table.ENTER:
        return viewer.role in MAY_ENTER
    if who == table.FINDS:
        return viewer.role in MAY_FIND
    return {
        table.ANY: True, table.DESK: viewer.desk, table.POSTS: bool(viewer.account), table.KEY: bool(viewer.key),
        table.CODE: bool(viewer.code), table.OWN: bool(viewer.own), table.NOBODY: False,
        table.SETS_UP: viewer.role == "city_engineer", table.WATCHES: viewer.role == "security_officer",
        table.LOOKS: viewer.desk or viewer.role == "city_engineer",
        table.REGISTER: viewer.desk or viewer.role in rights.READERS,
        table.PLACES: viewer.role in (*rights.PLACERS, "city_engineer"),
        table.KEEPS: viewer.role in (*rights.KEEPERS, "city_engineer") and viewer.name != "police",
    }[who]  # fmt: skip


def rows_for(who: str) -> list[tuple[str, Row]]:
    """Give the routes that somebody is to ask."""
    if PROVE or (who in WHOLE and connection.vendor == "sqlite"):
        return list(TABLE.items())
    some = [(route, row) for route, row in TABLE.items() if row.door in ("desk", "api", "files")]
    return some[VIEWERS.index(who) % SHARE :: SHARE]


class Asked:
    """One request of one viewer, with what it may be told of which case."""

    def __init__(self, path: str, case: str = "", facet: str = "") -> None:
        self.path, self.case, self.facet = path, case, facet


def addresses(made: World, viewer: Viewer, row: Row) -> Iterator[Asked]:
    """Fill in the addresses of a route: once for each case where they name one."""
    several = {
        "{numbers}": "&".join(f"case={c.marks['number']}" for c in made.cases.values()),
        "{numberlist}": ",".join(c.marks["number"] for c in made.cases.values()),
        "{code}": viewer.code or WRONG, "{webhook}": str(viewer.subscription), "{thing}": str(made.thing),
    }  # fmt: skip
    for path in row.get:
        for name, value in several.items():
            path = path.replace(name, value)
        facet = next((f for f in FACETS if f"{{{f}}}" in path), "")
        for case in (c for c in made.cases.values() if facet in c.marks):
            yield Asked(path.replace(f"{{{facet}}}", case.marks[facet]), case.name, facet)
        if not facet:
            yield Asked(path)


def text_of(answer: Any) -> str:
    """Give all that an answer says, with what is packed in it."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if body[:2] == b"PK":
        packed = zipfile.ZipFile(io.BytesIO(body))
        body = b"\n".join(packed.read(name) for name in packed.namelist())
    return str(answer.headers) + body.decode("utf-8", "replace")


def leaks(made: World, viewer: Viewer, door: str, path: str, text: str) -> list[tuple[str, str, str]]:
    """Give what is told that may not be, except what was said in the question."""
    return [
        (path, case.name, facet)
        for case in made.cases.values()
        for facet, mark in case.marks.items()
        if mark in text and mark not in path and facet not in may_know(viewer, door, case.name)
    ]


def asks(viewer: Viewer, door: str) -> Any:
    """Give how somebody asks at a door: with a session, or with a key."""
    if door not in ("api", "open311"):
        return viewer.browser()
    client = Viewer("").browser()
    if viewer.key:
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {viewer.key}"
    return client


@pytest.mark.parametrize("who", VIEWERS)
def test_what_is_told(made: World, db: None, who: str) -> None:
    viewer, faults = made.viewers[who], list[Any]()
    clients = {door: asks(viewer, door) for door in ("public", "follow", "desk", "files", "api", "open311")}
    for route, row in rows_for(who):
        told = ""
        for asked in addresses(made, viewer, row):
            answer = clients[row.door].get(asked.path)
            text = text_of(answer)
            faults += leaks(made, viewer, row.door, asked.path, text)
            wanted = status_wanted(viewer, row, asked)
            if answer.status_code not in wanted:
                faults.append((asked.path, answer.status_code, wanted))
            if is_page(answer) and route not in SEEN | PARTS:
                faults.append((route, "a page that no browser looks at: see tests/browser/table.py"))
            told += text if answer.status_code == 200 else ""
        if may(viewer, row.who) and (row.to is None or who in row.to):
            faults += [(route, name, f"{facet} is not told") for name, facet in missing(made, viewer, row, told)]
    assert not faults, "\n".join(map(str, faults))


def is_page(answer: Any) -> bool:
    """Tell whether an answer is a page, and not a file, a feed or why there is none."""
    return answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith("text/html")


def status_wanted(viewer: Viewer, row: Row, asked: Asked) -> tuple[int, ...]:
    """Give the statuses an answer may have."""
    if not may(viewer, row.who):
        return (302, 401, 403, 404)
    knows = may_know(viewer, row.door, asked.case) if asked.case else frozenset()
    if not asked.case:
        return (200, 204, 302, 404) if row.door == "public" else (200, 302)
    if row.door == "open311" and asked.facet == "photo":
        return (404,)  # what somebody sent is nobody's to see there
    return (200,) if asked.facet in knows else (404,)


def missing(made: World, viewer: Viewer, row: Row, told: str) -> list[tuple[str, str]]:
    """Give what was not told though it may and should be: so that this test can fail in both ways."""
    cases: list[Marked] = [made.cases[name] for name in sorted(row.of)]
    if row.door == "follow":
        cases = [case for case in cases if case.name == viewer.own]
    return [
        (case.name, facet)
        for case in cases
        for facet in sorted(row.tells & may_know(viewer, row.door, case.name) & set(case.marks))
        if case.marks[facet] not in told
    ]


# --- what each may do -----------------------------------------------------------------------------


def forms(made: World, viewer: Viewer, row: Row) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Fill in what is posted: once for each case where it names one; every offer is one of the chief's post."""
    post = made.viewers["chief"].account.holdings.first().post_id  # type: ignore[union-attr]
    for path, body in row.post:
        named = any(name in path + str(body) for name in ("{number}", "{id}", "{alarm}"))
        for case in made.cases.values() if named else (None,):
            said = {"{code}": viewer.code or WRONG, "{offer}": f"submit-{post}-0"}
            if case is not None:
                said |= {"{number}": case.marks["number"], "{id}": str(case.id), "{seq}": str(case.seq)}
                said["{alarm}"] = case.marks["alarm"]
            yield fill(path, said), fill(body, said), case.name if case else ""


def fill(value: Any, said: dict[str, str]) -> Any:
    """Fill in names in braces, however deep they stand."""
    if isinstance(value, dict):
        return {key: fill(inner, said) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, said) for inner in value]
    return re.sub(r"\{\w+\}", lambda m: said.get(m[0], m[0]), value) if isinstance(value, str) else value


def send(client: Any, door: str, path: str, body: dict[str, Any]) -> Any:
    """Post as the door wants it."""
    if door == "api" and not path.endswith("/photos"):
        return client.post(path, body, content_type="application/json")
    return client.post(path, body)


def book() -> tuple[int, int]:
    """Give how far the ledger is, and how many follow cases."""
    return Step.objects.count(), Follower.objects.count()


@pytest.mark.parametrize("who", VIEWERS)
def test_what_is_refused_leaves_the_ledger_as_it_was(made: World, db: None, who: str) -> None:
    viewer, faults = made.viewers[who], list[Any]()
    clients = {door: asks(viewer, door) for door in ("public", "follow", "desk", "api", "open311")}
    for _route, row in rows_for(who):
        for path, body, case in forms(made, viewer, row):
            before = book()
            with transaction.atomic():
                answer = send(clients[row.door], row.door, path, body)
                faults += leaks(made, viewer, row.door, path + str(body), text_of(answer))
                if not may(viewer, row.posts or row.who) or (case and not may_know(viewer, row.door, case)):
                    several = path.endswith(("/many/act", "/actions/note")) and answer.status_code == 200
                    if answer.status_code not in REFUSED and not several:
                        faults.append((path, body, answer.status_code))
                    if book() != before:
                        faults.append((path, body, "something was written"))
                transaction.set_rollback(True)
    assert not faults, "\n".join(map(str, faults))


@pytest.mark.parametrize(("who", "path", "body"), [
    ("chief", "/desk/cases/{number}/act", {"offer": "{offer}", "seq": "{seq}"}),
    ("chief", "/api/v1/cases/{number}/actions/submit", {"data": {}}),
    ("dispatcher", "/api/v1/cases/{number}/actions/note", {"data": {"words": "x"}}),
    ("stranger", "/cases/{number}/follow", {"key": "one"}),
    ("inspector", "/desk/new/instead", {"instead": "{number}", "key": "two"}),
])  # fmt: skip
def test_what_is_allowed_is_written(made: World, db: None, who: str, path: str, body: dict[str, Any]) -> None:
    """The same requests as above, by who may: or else the test above could not fail."""
    viewer = made.viewers[who]
    door = "api" if path.startswith("/api") else "desk"
    row = Row(door, table.ANY, post=[(path, body)])
    asked, sent, _case = next(form for form in forms(made, viewer, row) if form[2] == "plain")
    before = book()
    answer = send(asks(viewer, door), door, asked, sent)
    assert answer.status_code < 400 and book() > before, answer.content[:500]


# --- what is told without being asked -------------------------------------------------------------


def test_webhooks_are_sent_only_what_their_account_may_see(made: World) -> None:
    for viewer in made.viewers.values():
        told = str(made.sent.get(viewer.name, ""))
        assert {name for name, case in made.cases.items() if case.marks["number"] in told} == viewer.sees
        assert leaks(made, viewer, "desk", "", told) == []


def sharing(monkeypatch: Any) -> None:
    """Let the streams read on the connection of this test, which alone sees the town."""
    shared, lock = connections["default"], threading.Lock()
    shared.inc_thread_sharing()

    def read(call: Any, *args: Any) -> Any:
        with lock:
            connections["default"] = shared
            return call(*args)

    async def in_thread(call: Any, *args: Any) -> Any:
        return await asyncio.to_thread(read, call, *args)

    monkeypatch.setattr(live, "_in_thread", in_thread)


@pytest.mark.parametrize("who", [name for name in VIEWERS if name not in ("stranger", "follower") and "of" not in name])
def test_live_events(made: World, db: None, monkeypatch: Any, who: str) -> None:
    """The one raw route: everything since the beginning, to who may see it; nothing to whose posts see nothing."""
    sharing(monkeypatch)
    viewer = made.viewers[who]
    screen = Screen(cookie_of(viewer.account), last="0")
    if not viewer.desk:
        asyncio.run(live.app(screen.scope, screen.receive, screen.send))
        assert screen.sent[0]["status"] == 403 and len(screen.sent) == 2
        return
    listen([screen], lambda: None, lambda: len(screen.offsets) >= len(viewer.sees))
    told = b"".join(m.get("body", b"") for m in screen.sent).decode()
    assert leaks(made, viewer, "desk", "", told) == []
    assert {name for name, case in made.cases.items() if case.marks["number"] in told} == viewer.sees


# --- what a page costs ----------------------------------------------------------------------------

MOST = 12
PAGES = [(route, row) for route, row in TABLE.items() if row.get and row.door in ("public", "desk", "follow", "files")]


@pytest.mark.parametrize(("route", "row"), PAGES, ids=[route or "home" for route, _row in PAGES])
def test_a_page_asks_at_most_twelve_times(made: World, db: None, settings: Any, route: str, row: Row) -> None:
    """Of a process that knows the city already: what every page remembers is looked after once a second, not here."""
    steady(settings)
    viewer = made.viewers["reporter of plain" if row.door == "follow" else "chief"]
    if row.who in (table.ENTER, table.FINDS):
        viewer = made.viewers["inspector"]
    client, over = viewer.browser(), list[Any]()
    for asked in addresses(made, viewer, row):
        if asked.case not in ("", "plain", "done"):
            continue
        for _time in range(2):
            with CaptureQueriesContext(connection) as seen:
                text_of(client.get(asked.path))
        # Inside a test's transaction an action's own is a savepoint; outside it is none of the statements counted.
        said = [q["sql"] for q in seen.captured_queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        tables = [re.findall(r'(?:FROM|INTO|UPDATE) "(\w+)"', sql) for sql in said]
        if len(tables) > MOST:
            over.append((asked.path, len(tables), tables))
    assert not over, "\n".join(map(str, over))
