"""Live events: each stream gets just the steps its account may see, in order, without a gap, from one reading."""

import asyncio
import json
import time

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.test import Client

from cityloop.doors.web import live
from cityloop.loops.cases import queries as cases
from cityloop.loops.cases import stream
from cityloop.loops.sensing import alarms
from cityloop.loops.sensing.actions import judging
from cityloop.loops.sensing.models import Alarm
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.ledger.queries import last_offset
from cityloop.town.ledger.tasks import sequence_and_seal
from cityloop.town.orgs import authority
from cityloop.town.persons import pace, strangers
from cityloop.town.persons.actions import close_account, end_access_key, make_access_key
from cityloop.town.persons.queries import access_of, keys_of
from tests.loops.sensing.instruments import bring
from tests.loops.sensing.watched import alarm, set_up, switch_on
from tests.town.staff import BY, make_account

pytestmark = pytest.mark.django_db(transaction=True)


def days_work(town):
    """Cases of every kind in many states, some confidential, some of other departments."""
    town.to("closed")
    town.to("dispatched", matter="hole", lon=10.15)
    town.to("filed", matter="secret")
    town.to("handling", lon=10.01)
    town.collect(lon=10.15)
    sequence_and_seal()


def test_what_passes_is_just_what_each_may_see(town):
    days_work(town)
    for account in (*town.accounts.values(), None):
        scope = authority.scope(account, city_clock.now())
        _, found = stream.seen_steps(scope, -1, 1000)
        last, all_ = live.passing(-1, 1000)
        assert [(p.offset, p.facts) for p in all_ if p.seen_by(scope)] == found
        assert last == last_offset()


def test_the_statements_for_all_streams_together(town, django_assert_max_num_queries):
    days_work(town)
    with django_assert_max_num_queries(3):
        live.passing(-1, 1000)


def cookie_of(account) -> bytes:
    browser = Client()
    browser.force_login(account)
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}".encode()


class Screen:
    """A browser listening, as the server sees it."""

    def __init__(self, cookie: bytes, last: str = "") -> None:
        headers = [(b"cookie", cookie), *([(b"last-event-id", last.encode())] if last else [])]
        self.scope = {"type": "http", "path": "/live", "headers": headers}
        self.sent: list[dict] = []
        self.closed = asyncio.Event()

    async def receive(self):
        await self.closed.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message)

    @property
    def offsets(self):
        text = b"".join(m.get("body", b"") for m in self.sent).decode()
        return [int(line[4:]) for line in text.splitlines() if line.startswith("id: ")]

    @property
    def facts(self):
        text = b"".join(m.get("body", b"") for m in self.sent).decode()
        return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]


async def until(wanted, seconds=8.0):
    for _ in range(int(seconds / 0.05)):
        if wanted():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come in time")


def listen(screens, work, wanted):
    """Let screens listen while `work` is done, until `wanted`."""

    async def run():
        running = [asyncio.create_task(live.app(s.scope, s.receive, s.send)) for s in screens]
        await until(lambda: all(any(b": here" in m.get("body", b"") for m in s.sent) for s in screens))
        await live._in_thread(work)
        try:
            await until(wanted)
        finally:
            for screen in screens:
                screen.closed.set()
            await asyncio.gather(*running)

    asyncio.run(run())


def expected(account, after=-1):
    scope = authority.scope(account, city_clock.now())
    return [offset for offset, _ in stream.seen_steps(scope, after, 1000)[1]]


def test_alarms_pass_as_they_are_raised_and_over_to_who_may_see_them(town):
    switch_on(alarm("high", above=250, clear=200))
    pm, now = set_up(), city_clock.now()
    for value in (320.0, 100.0):
        now += 1
        bring((pm, now, value), now=now)
        judging.judge(at=now)
    sequence_and_seal()
    _, found = live.passing(-1, 1000)
    mine = [one for one in found if "alarm" in one.facts]
    assert [(one.facts["what"], one.facts["to"]) for one in mine] == [("raise", "raised"), ("clear", "cleared")]
    assert b"event: alarm\n" in live._event(1, mine[0].facts)
    seen = {}
    for name, account in town.accounts.items():
        scope = authority.scope(account, city_clock.now())
        there = Alarm.objects.filter(pk__in=alarms.visible(scope, cases.ids_of_part)).exists()
        seen[name] = there
        assert all(one.seen_by(scope) == there for one in mine), name
    assert seen["dispatcher"] and len(set(seen.values())) == 2


def test_each_screen_gets_its_own_in_order(town):
    days_work(town)
    tip = last_offset()
    who = ["shift", "parks", "police", "dispatcher"]
    cookies = {name: cookie_of(town.accounts[name]) for name in who}
    screens = {name: Screen(cookies[name]) for name in who}

    def work():
        days_work(town)

    listen(list(screens.values()), work, lambda: len(screens["dispatcher"].offsets) >= 15)
    for name, screen in screens.items():
        assert screen.offsets == expected(town.accounts[name], tip), name
    assert not set(screens["police"].offsets) & set(screens["parks"].offsets)


def test_many_that_come_at_once_get_each_step_once(town, monkeypatch):
    def slowly(call):
        return lambda *given: (time.sleep(0.1), call(*given))[1]

    monkeypatch.setattr(live, "last_offset", slowly(live.last_offset))
    begun, read = [], live.Tail._read

    def counted(tail):
        begun.append(tail)
        return read(tail)

    monkeypatch.setattr(live.Tail, "_read", counted)
    cookie = cookie_of(town.accounts["dispatcher"])
    screens, tip = [Screen(cookie) for _ in range(40)], []

    def work():
        for _ in range(3):
            days_work(town)
        tip.append(expected(town.accounts["dispatcher"]))

    listen(screens, work, lambda: tip and all(s.offsets and s.offsets[-1] >= tip[0][-1] for s in screens))
    assert all(screen.offsets == tip[0] for screen in screens) and len(begun) == 1


def test_many_that_wake_at_once_ask_once_what_their_account_sees(town, monkeypatch):
    asked, ask = [], live._scope
    monkeypatch.setattr(live, "_scope", lambda account: asked.append(account.pk) or ask(account))
    account = town.accounts["shift"]

    async def wake():
        tail = live.Tail()
        return await asyncio.gather(*(tail.scope_of(account) for _ in range(100)))

    found = asyncio.run(wake())
    assert asked == [account.pk]
    assert all(scope.sees_anything() for scope in found)


def test_what_failed_to_be_asked_is_asked_again(town, monkeypatch):
    ask, fails = live._scope, [DatabaseError("away")]
    monkeypatch.setattr(live, "_scope", lambda account: raised(fails.pop()) if fails else ask(account))

    async def twice():
        tail = live.Tail()
        with pytest.raises(DatabaseError):
            await tail.scope_of(town.accounts["shift"])
        return await tail.scope_of(town.accounts["shift"])

    assert asyncio.run(twice()).sees_anything()


def raised(error):
    raise error


def test_after_a_gap_nothing_is_missing_or_doubled(town):
    days_work(town)
    account = town.accounts["dispatcher"]
    seen = expected(account)
    screen = Screen(cookie_of(account), last=str(seen[4]))
    listen([screen], lambda: days_work(town), lambda: len(screen.offsets) >= 2 * len(seen) - 5)
    assert screen.offsets == expected(account, seen[4])


def test_what_falls_out_of_memory_comes_from_the_database(town, monkeypatch):
    monkeypatch.setattr(live, "KEPT", 3)
    days_work(town)
    account = town.accounts["dispatcher"]
    screen, tip = Screen(cookie_of(account), last="0"), []

    def work():
        days_work(town)
        tip.append(expected(account)[-1])

    listen([screen], work, lambda: tip and screen.offsets and screen.offsets[-1] >= tip[0])
    assert screen.offsets == expected(account, 0)


@pytest.mark.parametrize("last", ["9" * 18, "9" * 40, "x", "-1", "²"])
def test_a_hostile_place_to_go_on_from(town, last):
    account = town.accounts["dispatcher"]
    screen = Screen(cookie_of(account), last=last.encode("utf-8").decode("latin-1"))
    listen([screen], lambda: days_work(town), lambda: len(screen.offsets) > 3)


class Program(Screen):
    """A program listening with its access key."""

    def __init__(self, key: str, last: str = "") -> None:
        super().__init__(b"", last)
        self.scope["headers"] = [(b"authorization", f"Bearer {key}".encode()), *self.scope["headers"][1:]]

    @property
    def refused(self):
        return self.sent[0]["status"], json.loads(self.sent[1]["body"])["code"]


def key_of(account, *scopes, per_minute=600):
    return make_access_key(
        account=account, label="t", days=1, by=BY, at=real_now(), scopes=scopes or ("read",), per_minute=per_minute
    )


def test_a_program_hears_what_its_account_sees(town):
    days_work(town)
    program, wanted = Program(key_of(town.accounts["parks"]), last="0"), expected(town.accounts["parks"], 0)

    async def run():
        running = asyncio.create_task(live.keyed(program.scope, program.receive, program.send))
        await until(lambda: len(program.offsets) >= len(wanted))
        program.closed.set()
        await running

    asyncio.run(run())
    assert program.offsets == wanted != []


def test_a_program_that_may_not_listen_is_told_why(town):
    slow = key_of(town.accounts["shift"], per_minute=1)
    for key, wanted in (
        ("cl_none", (401, "api.key")), (key_of(town.accounts["shift"], "act"), (403, "api.scope")),
        (key_of(make_account()), (403, "authority.denied")),
    ):  # fmt: skip
        program = Program(key)
        asyncio.run(live.keyed(program.scope, program.receive, program.send))
        assert program.refused == wanted
    pace.count(access_of(slow, real_now()).key, slow, 1)
    program = Program(slow)
    asyncio.run(live.keyed(program.scope, program.receive, program.send))
    assert program.refused == (429, "api.rate")
    assert dict(program.sent[0]["headers"])[b"content-type"] == b"application/problem+json"


def test_strangers_hear_nothing(town):
    screen = Screen(b"")
    asyncio.run(live.app(screen.scope, screen.receive, screen.send))
    assert screen.sent[0]["status"] == 403


def knock(door, listener):
    """Open a stream, see whether it opens, and leave."""

    async def run():
        running = asyncio.create_task(door(listener.scope, listener.receive, listener.send))
        await until(lambda: listener.sent)
        listener.closed.set()
        await running

    asyncio.run(run())
    return listener.sent[0]["status"], dict(listener.sent[0]["headers"])


def test_an_account_and_a_key_have_so_many_streams_at_a_time(town, monkeypatch):
    account, other = town.accounts["dispatcher"], town.accounts["commander"]
    monkeypatch.setattr(live, "MOST_OF", {"account": 3, "key": 2})
    cookie, key = cookie_of(account), key_of(account)
    doors = [live.app, live.keyed, live.keyed, live.keyed, live.app, live.app]
    screens = [Screen(cookie), Program(key), Program(key), Program(key), Screen(cookie), Screen(cookie_of(other))]

    async def run():
        running = []
        for listener, door in zip(screens, doors, strict=True):
            running.append(asyncio.create_task(door(listener.scope, listener.receive, listener.send)))
            await until(lambda listener=listener: listener.sent)
        for listener in screens:
            listener.closed.set()
        await asyncio.gather(*running)

    asyncio.run(run())
    assert [one.sent[0]["status"] for one in screens] == [200, 200, 200, 429, 429, 200]
    assert {dict(one.sent[0]["headers"])[b"retry-after"] for one in screens[3:5]} == {b"30"}
    assert json.loads(screens[3].sent[1]["body"])["code"] == "api.streams"
    assert knock(live.app, Screen(cookie))[0] == 200, "who has left makes room"


def test_who_knocks_in_vain_is_looked_up_so_often_and_who_may_is_not_counted(town, monkeypatch):
    monkeypatch.setattr(live, "KNOCKS", 3)
    cookie, address = cookie_of(town.accounts["dispatcher"]), "198.51.100.9"
    strangers.forget("live", address)

    def say(door, listener):
        listener.scope["client"] = (address, 1)
        return knock(door, listener)

    assert [say(live.app, Screen(cookie))[0] for _ in range(5)] == [200] * 5
    assert [say(live.app, Screen(b""))[0] for _ in range(3)] == [403] * 3
    status, headers = say(live.keyed, Program("cl_nothing"))
    assert (status, headers[b"retry-after"]) == (429, b"60") and say(live.app, Screen(b""))[0] == 429


def end_keys(account):
    for key in keys_of(account):
        end_access_key(key=key, by=BY, at=real_now())


@pytest.mark.parametrize("by", ["session", "key", "closed"])
def test_a_stream_ends_with_what_it_was_opened_with(town, monkeypatch, by):
    monkeypatch.setattr(live, "BEAT", 0.1)
    account = town.accounts["dispatcher"]
    key, cookie = key_of(account), cookie_of(account)
    listener = Program(key) if by == "key" else Screen(cookie)
    end = {
        "session": lambda: Session.objects.all().delete(),
        "key": lambda: end_keys(account),
        "closed": lambda: close_account(account=account, by=BY, at=real_now()),
    }[by]

    async def run():
        door = live.keyed if by == "key" else live.app
        running = asyncio.create_task(door(listener.scope, listener.receive, listener.send))
        await until(lambda: any(b"event: beat" in m.get("body", b"") for m in listener.sent))
        assert not running.done()
        await live._in_thread(end)
        try:
            await asyncio.wait_for(asyncio.shield(running), 5)
        finally:
            listener.closed.set()
            await running

    asyncio.run(run())
    assert not listener.sent[-1].get("more_body", False)
