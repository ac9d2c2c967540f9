"""The way past Django: the same meaning as through it, many written together, and what happens when too many come."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.backends.signals import connection_created

from cityloop.doors.sensorthings import arrays, gathering, keys, raw
from cityloop.loops.sensing.actions.batches import Batch
from cityloop.loops.sensing.models import Datastream, Latest, Observation, Quarantined
from cityloop.loops.sensing.rules.times import instant, instants, shown
from cityloop.town.columns import real_now
from cityloop.town.persons.actions import end_access_key, make_access_key
from cityloop.town.persons.queries import keys_of
from tests.doors.sensorthings.conftest import Door
from tests.loops.cases.smallville import Town
from tests.loops.sensing.instruments import AT, HOUR, set_up
from tests.town.staff import BY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("sensorthings")]


class Server:
    """Hands requests over as the server does; all of one `ask` at the same time."""

    def __init__(self, key: str) -> None:
        self.key, self.pieces = key, 0

    def ask(self, *requests: tuple[Any, ...], **headers: str) -> list[tuple[int, dict[str, str], Any]]:
        async def all_() -> list[Any]:
            return list(await asyncio.gather(*(self._ask(*one, **headers) for one in requests)))

        return asyncio.run(all_())

    async def _ask(self, method: str, path: str, body: Any = b"", **headers: str) -> tuple[int, dict[str, str], Any]:
        path, _mark, query = path.partition("?")
        sent, body = [], body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"host": "testserver", "authorization": f"Bearer {self.key}", **headers}
        scope = {"type": "http", "scheme": "http", "method": method, "path": f"/sta/v1.1/{path}",
                 "query_string": query.encode(),
                 "headers": [(k.encode(), v.encode()) for k, v in named.items()]}  # fmt: skip
        parts = [body[:7], body[7:]]

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await raw.app(scope, receive, send)
        assert [one.get("more_body", False) for one in sent[1:]] == [*[True] * (len(sent) - 2), False]
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        content = b"".join(one["body"] for one in sent[1:])
        known = {"content-length": str(len(content))} if len(sent) == 2 and sent[0]["status"] != 204 else {}
        assert method == "HEAD" or known.get("content-length") == told.get("content-length")
        self.pieces = len(sent) - 1
        return sent[0]["status"], told, json.loads(content) if "json" in told["content-type"] and content else None


@pytest.fixture
def town(transactional_db: None, town: Town) -> Town:
    return town


@pytest.fixture
def key(town: Town) -> str:
    set_up()
    keys._kept.clear()
    return make_access_key(
        account=town.accounts["parks"], label="station", days=1, by=BY, at=real_now(), scopes=["sense"],
        per_minute=100_000,
    )  # fmt: skip


@pytest.fixture
def server(key: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(raw, "gatherer", gathering.Gatherer(alone=True))
    yield Server(key)
    for work in (raw._threads.submit(connections.close_all) for _ in range(6)):
        work.result()


@pytest.fixture
def pm(key: str) -> int:
    return int(Datastream.objects.get().pk)


def reading(pm: int, n: int, result: Any = 1.0) -> dict[str, Any]:
    return {"phenomenonTime": shown(AT + n * HOUR), "result": result, "Datastream": {"@iot.id": pm}}


def test_many_at_the_same_time_are_each_kept_and_each_answered(server: Server, pm: int) -> None:
    bodies = [reading(pm, n, n) for n in range(40)]
    answers = server.ask(*(("POST", "Observations", body) for body in bodies))
    bodies = [reading(pm, 3, 3), reading(pm, 4, 99), reading(999_999_999, 1), {**reading(pm, 50), "validTime": 5}]
    table = [{"Datastream": {"@iot.id": pm}, "components": ["phenomenonTime", "result"],
              "dataArray": [[shown(AT + n * HOUR), n] for n in (60, 61, 60)]}]  # fmt: skip
    below = {"phenomenonTime": shown(AT + 70 * HOUR), "result": 7}
    answers += server.ask(  # those that came at the same time came in no order
        *(("POST", "Observations", body) for body in bodies), ("POST", "CreateObservations", table),
        ("POST", f"Datastreams({pm})/Observations", below), ("POST", "CreateObservations", [{"Datastream": 5}]),
    )  # fmt: skip
    assert [one[0] for one in answers] == [201] * 40 + [200, 400, 400, 400, 201, 201, 400]
    assert (
        answers[3][1]["location"]
        == answers[40][1]["location"]
        == (f"http://testserver/sta/v1.1/Observations('{pm}-{AT + 3 * HOUR}')")
    )
    assert [one[2]["refusal"] for one in answers[41:44]] == [
        "sensing.quarantine.differs", "sensing.quarantine.datastream", "sensing.time"
    ]  # fmt: skip
    assert answers[44][2][0] == answers[44][2][2]
    assert Observation.objects.count() == Latest.objects.get().count == 43
    assert sorted(Quarantined.objects.values_list("reason", "source")) == [
        ("datastream", "station"), ("differs", "station")
    ]  # fmt: skip


def test_those_that_wait_are_written_in_one_transaction(server: Server, pm: int, monkeypatch: Any) -> None:
    rounds: list[int] = []
    taken = gathering.ingest_all

    def counted(**asked: Any) -> Any:
        found = taken(**asked)
        rounds.append(len(found))
        return found

    monkeypatch.setattr(gathering, "ingest_all", counted)
    server.ask(("POST", "Observations", reading(pm, 0)))  # the key is known from now on
    with holding(pm):
        answers = server.ask(*(("POST", "Observations", reading(pm, n)) for n in range(1, 30)))
    assert {one[0] for one in answers} == {201} and sum(rounds) == 30 and len(rounds) <= 3


class holding:
    """Keep the writer waiting for the database a little while."""

    def __init__(self, pm: int) -> None:
        self.pm, self.begun = pm, threading.Event()

    def __enter__(self) -> None:
        self.thread = threading.Thread(target=self._hold)
        self.thread.start()
        assert self.begun.wait(5)

    def _hold(self) -> None:
        try:
            with transaction.atomic():
                Datastream.objects.filter(pk=self.pm).update(description="held")
                self.begun.set()
                time.sleep(0.4)
        finally:
            connection.close()

    def __exit__(self, *_why: Any) -> None:
        self.thread.join()


def test_more_than_can_wait_is_refused_and_told_when_to_come_again(server: Server, pm: int, monkeypatch: Any) -> None:
    server.ask(("POST", "Observations", reading(pm, 0)))
    monkeypatch.setattr(raw, "gatherer", gathering.Gatherer(most=3_000, alone=True))
    with holding(pm):
        answers = server.ask(*(("POST", "Observations", reading(pm, n)) for n in range(1, 40)))
    full = [one for one in answers if one[0] == 503]
    assert full and all(one[1]["retry-after"] == "5" and one[2]["refusal"] == "sensing.full" for one in full)
    assert Observation.objects.count() == 1 + sum(one[0] == 201 for one in answers) > 1


def test_the_writer_keeps_its_connection_while_readings_come(server: Server, pm: int, monkeypatch: Any) -> None:
    """PostgreSQL's is given back to the pool when none do, and taken anew when it broke; SQLite's is one for good."""
    monkeypatch.setattr(gathering, "IDLE", 0.4)
    taken: list[int] = []

    def seen(connection: Any, **_more: Any) -> None:
        if threading.current_thread().name == "readings":
            taken.append(id(connection))

    def post(n: int) -> None:
        assert server.ask(("POST", "Observations", reading(pm, n)))[0][0] == 201

    connection_created.connect(seen)
    try:
        for n in range(5):
            post(n)
        assert len(taken) == 1
        time.sleep(1)
        post(5)
        pooled = connection.vendor == "postgresql"
        assert len(taken) == (2 if pooled else 1)
        if pooled:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        post(6)
    finally:
        connection_created.disconnect(seen)
    assert Observation.objects.count() == 7


def test_what_fails_takes_no_other_along(server: Server, pm: int, monkeypatch: Any) -> None:
    server.ask(("POST", "Observations", reading(pm, 0)))
    judged = gathering.ingest_all

    def sour(*, parts: Any, at: int, alone: bool = False) -> Any:
        def looked() -> Any:
            found = parts() if callable(parts) else parts
            for part in found:
                if part.batch.columns().result[0] == 13:
                    raise RuntimeError("unlucky")
            return found

        return judged(parts=looked, at=at, alone=alone)

    monkeypatch.setattr(gathering, "ingest_all", sour)
    with holding(pm):
        answers = server.ask(*(("POST", "Observations", reading(pm, n, n)) for n in range(10, 16)))
    assert [one[0] for one in answers] == [201, 201, 201, 500, 201, 201]
    assert Observation.objects.count() == 6


def test_both_ways_say_the_same(server: Server, town: Town, pm: int) -> None:
    through = Door(server.key)
    server.ask(*(("POST", "Observations", reading(pm, n)) for n in range(3)))
    newest = f"Datastreams({pm})/Observations?$top=1&$orderby=phenomenonTime%20desc"
    paths = ["", "Things", f"Datastreams({pm})/Observations?$count=true&$top=2", newest, "Nothing", "Things?$top=x",
             f"Datastreams({pm})/name/$value", newest.replace(f"({pm})", "(999999999)")]  # fmt: skip
    for path in paths:
        [(status, headers, told)] = server.ask(("GET", path))
        other = through.client.get(f"/sta/v1.1/{path}")
        assert status == other.status_code, path
        assert headers["content-type"] == other["Content-Type"] and headers["access-control-allow-origin"] == "*"
        assert told == (json.loads(other.content) if "json" in other["Content-Type"] else None), path
    longer = through.get(f"Datastreams({pm})/Observations", top="1", orderby="phenomenonTime desc,id desc")
    short = server.ask(("GET", newest))[0][2]
    assert short["value"] == longer["value"]
    after = short["@iot.nextLink"].partition("/sta/v1.1/")[2]
    assert server.ask(("GET", after))[0][2]["value"][0]["phenomenonTime"] == shown(AT + HOUR)
    thing = {"name": "x", "description": "", "Locations": []}
    assert [one[0] for one in server.ask(("POST", "Things", thing), ("OPTIONS", "Things"), ("TRACE", "Things"))] == [
        201, 204, 405
    ]  # fmt: skip
    described = {"phenomenonTime": shown(AT + 9 * HOUR), "result": 1, "FeatureOfInterest": {
        "name": "Lake", "description": "", "feature": {"type": "Point", "coordinates": [10.1, 50.0]}}}  # fmt: skip
    assert server.ask(("POST", f"Datastreams({pm})/Observations", described))[0][0] == 201


def test_a_large_page_goes_out_piece_by_piece(server: Server, pm: int, monkeypatch: Any) -> None:
    """Each is looked for when the one before has gone; what cannot be asked is told before anything goes."""
    server.ask(*(("POST", "Observations", reading(pm, n, n)) for n in range(25)))
    path = "Observations?$top=20&$count=true&$orderby=phenomenonTime"
    whole = server.ask(("GET", path))[0]
    monkeypatch.setattr("cityloop.doors.sensorthings.reading.PIECE", 6)
    status, headers, told = server.ask(("GET", path))[0]
    assert server.pieces == 5 and whole[2] == told and "content-length" not in headers and status == 200
    assert [one["result"] for one in told["value"]] == list(range(20)) and told["@iot.count"] == 25
    assert len(server.ask(("GET", told["@iot.nextLink"].partition("/sta/v1.1/")[2]))[0][2]["value"]) == 5
    assert server.ask(("HEAD", path))[0][2] is None and server.pieces == 1
    assert server.ask(("GET", f"{path}&$filter=nothing eq 1"))[0][0] == 400


def test_who_may_not_come_in(server: Server, town: Town, pm: int, settings: Any, monkeypatch: Any) -> None:
    post = ("POST", "Observations", reading(pm, 0))
    [(status, headers, told)] = server.ask(post, authorization="Bearer nothing")
    assert (status, told["refusal"]) == (401, "sensing.key") and headers["www-authenticate"].startswith("Basic")
    [(status, _headers, chinese)] = server.ask(post, authorization="Bearer nothing", **{"accept-language": "zh-Hans"})
    assert chinese["message"] != told["message"] and status == 401
    for scopes, code in ((["read"], "sensing.key.scope"), (["act"], "sensing.key.scope")):
        other = make_access_key(account=town.accounts["parks"], label="x", days=1, by=BY, at=real_now(), scopes=scopes)
        [(status, _headers, told)] = Server(other).ask(post)
        assert (status, told["refusal"]) == (403, code)
    slow = make_access_key(
        account=town.accounts["parks"], label="x", days=1, by=BY, at=real_now(), scopes=["sense"], per_minute=3
    )
    answers = [Server(slow).ask(("POST", "Observations", reading(pm, n)))[0] for n in range(5)]
    assert [one[0] for one in answers] == [201, 201, 201, 429, 429] and answers[4][1]["retry-after"] == "60"
    assert server.ask(post, host="elsewhere.example")[0][0] == 400
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert [one[0] for one in server.ask(("POST", "Observations", {**reading(pm, 9), "x": "y" * 200}))] == [413]


def test_a_key_that_has_ended_is_good_for_a_second_at_most(
    server: Server, town: Town, pm: int, monkeypatch: Any
) -> None:
    monkeypatch.setattr(keys, "FRESH", 0.2)
    assert server.ask(("POST", "Observations", reading(pm, 0)))[0][0] == 201
    [ended] = keys_of(town.accounts["parks"]).filter(label="station")
    end_access_key(key=ended, by=BY, at=real_now())
    time.sleep(0.25)
    assert server.ask(("POST", "Observations", reading(pm, 1)))[0][0] == 401
    assert Observation.objects.count() == 1


def test_whether_all_is_to_go_over_tls(settings: Any) -> None:
    scope = {"type": "http", "scheme": "http", "headers": []}
    proxied = {**scope, "headers": [(b"x-forwarded-proto", b"https")]}
    assert raw.takes(scope) and not raw.takes({**scope, "type": "websocket"})
    settings.SECURE_SSL_REDIRECT = True
    assert not raw.takes(scope) and raw.takes({**scope, "scheme": "https"})
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert raw.takes(proxied) and not raw.takes({**scope, "scheme": "https"})


@pytest.mark.once
def test_times_read_at_once_are_those_read_one_by_one() -> None:
    texts = ["2000-02-29T00:00:00Z", "1999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
    texts += [shown(AT + n * 86_400_000_000 * 13) for n in range(2000)]
    found = instants(texts)
    assert found is not None and found.tolist() == [instant(one) for one in texts]
    for tail in (".5Z", ".123456Z", ".001-11:30", "+08:00"):
        alike = [one.replace("Z", tail) for one in texts] + (["2026-01-01T00:00:00-08:00"] if tail == "+08:00" else [])
        found = instants(alike)
        assert found is not None and found.tolist() == [instant(one) for one in alike], tail
    assert instants([]) is None and instants(["2026-01-01T00:00:00+24:00"]) is None
    for wrong in ("2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01 00:00:00Z",
                  "2026-01-01T00:00:00", "2026-01-01T00:00:0,Z", "1900-02-29T00:00:00Z", "0000-01-01T00:00:00Z",
                  "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00+08:60",
                  "2026-01-01T00:00:00.1234567Z", "２026-01-01T00:00:00Z"):  # fmt: skip
        assert instants([wrong, texts[0]]) is instants([texts[0], wrong]) is None, wrong


@pytest.mark.once
def test_plain_arrays_are_read_as_any_others() -> None:
    def both(rows: list[Any], **more: Any) -> list[Any]:
        table = {"Datastream": {"@iot.id": 7}, "components": ["phenomenonTime", "result"], "dataArray": rows, **more}
        body = json.dumps([table, table]).encode()
        found: list[Callable[[], Batch | None]] = [lambda: arrays._plain(body), lambda: arrays._any(body, AT)]
        return [None if (one := make()) is None else one for make in found]

    rows = [[shown(AT), 1], [shown(AT + HOUR), 2.5], [shown(AT), -0.0]]
    quick, slow = both(rows)
    assert [column.tolist() for column in quick.columns()] == [column.tolist() for column in slow.columns()]
    assert [quick.said(row) for row in (0, 4)] == [
        {"Datastream": 7, "components": ["phenomenonTime", "result"], "row": row}
        for row in ((shown(AT), 1), (shown(AT + HOUR), 2.5))
    ]
    for odd in ([[shown(AT), True]], [[shown(AT), None]], [[shown(AT), 2**60]], [[shown(AT), "x"]], [[None, 1]],
                [["2026-01-01T00:00:00+01:00", 1], [shown(AT), 1]]):  # fmt: skip
        quick, slow = both(odd)
        assert quick is None and len(slow) == 2 * len(odd)
    assert both(rows, Datastream={"@iot.id": "x"})[0] is None
    assert both([[1]])[0] is None
