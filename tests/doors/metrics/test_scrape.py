"""A real server is asked as a Prometheus asks it, and what it says is read by the library's own reader."""

import re
import threading
import time
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import City, start_city

pytestmark = pytest.mark.once
WORD = "prometheus-of-smallville"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    city = start_city(tmp_path_factory.mktemp("metrics"), CITYLOOP_METRICS=WORD)
    city.shell("from tests.journeys.town import found; found()")
    yield city
    city.stop()


def ask(house: City, path: str, word: str = "", method: str = "GET") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {word}"} if word else {}
    try:
        with urlopen(Request(house.url + path, headers=headers, method=method), timeout=30) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def scrape(house: City) -> tuple[str, Samples]:
    status, text = ask(house, "/metrics", WORD)
    assert status == 200
    found = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text) for sample in family.samples
    }  # fmt: skip
    return text, found


def requests(found: Samples, **labels: str) -> float:
    return sum(
        value for (name, given), value in found.items()
        if name == "cityloop_requests_total" and labels.items() <= set(given)
    )  # fmt: skip


def until(true: object) -> None:
    for _ in range(100):
        if true():  # type: ignore[operator]
            return
        time.sleep(0.1)
    raise AssertionError("it did not come true")


def test_only_the_word_opens_it_and_without_one_there_is_nothing(house: City) -> None:
    assert ask(house, "/metrics")[0] == ask(house, "/metrics", WORD[:-1])[0] == 401
    assert ask(house, "/metrics", WORD, "POST")[0] == 405


def test_requests_are_told_by_the_template_of_their_route(house: City) -> None:
    before = scrape(house)[1]
    paths = [
        "/",
        "/near",
        "/follow/AAAA-BBBB-CCCC-DDDD",
        "/no/such/page",
        "/api/v1/cases/SV-2018-000001",
        "/healthz",
    ] * 6
    for path in paths:
        ask(house, path)
    text, after = scrape(house)

    def more(**labels: str) -> float:
        return requests(after, **labels) - requests(before, **labels)

    assert more(route="near", method="GET", status="200") == 6 == more(route="/", status="200")
    assert more(route="follow/<str:code>", status="404") == 6
    assert more(route="none", status="404") == 6 == more(route="/healthz", status="200")
    assert more(route="api/v1/cases/<number>", status="401") == 6
    timed = ("cityloop_request_seconds_count", frozenset({("route", "near"), ("method", "GET")}))
    assert after[timed] - before.get(timed, 0) == 6, "both workers are told of together"
    assert not re.search(r"AAAA|SV-2018|no/such", text)


def test_a_stream_is_told_while_it_is_open(house: City) -> None:
    made = "make_access_key(account=account_named('dispatcher'), label='', days=1, by=BY, at=real_now())"
    key = house.shell(
        "from cityloop.town.persons.actions import make_access_key\nfrom cityloop.town.columns import real_now\n"
        "from cityloop.town.persons.queries import account_named\nfrom tests.town.staff import BY\n"
        f"print({made})"
    ).strip()

    def streams() -> float:
        return scrape(house)[1][("cityloop_live_streams", frozenset())]

    opened, leave = threading.Event(), threading.Event()

    def listen() -> None:
        with urlopen(Request(f"{house.url}/api/v1/live", headers={"Authorization": f"Bearer {key}"})) as stream:
            stream.readline()
            opened.set()
            leave.wait(60)

    hearing = threading.Thread(target=listen)
    hearing.start()
    assert opened.wait(30)
    until(lambda: streams() == 1)
    leave.set()
    hearing.join()
    until(lambda: streams() == 0)


def test_it_tells_of_the_steward_and_of_the_city(house: City) -> None:
    job = frozenset({("job", "sweep")})
    until(lambda: ("cityloop_steward_jobs_total", job) in scrape(house)[1])
    found = scrape(house)[1]
    assert time.time() - found[("cityloop_steward_job_last_seconds", job)] < 60
    assert (
        found[("cityloop_database_up", frozenset())] == 1 and found[("cityloop_database_bytes", frozenset())] > 100_000
    )
    assert ("cityloop_backup_last_seconds", frozenset()) not in found
    assert house.run("backup", str(house.home.parent / f"{house.home.name}.zip")).returncode == 0
    time.sleep(5.5)
    assert time.time() - scrape(house)[1][("cityloop_backup_last_seconds", frozenset())] < 60


def test_every_alert_asks_for_numbers_that_there_are(house: City) -> None:
    import yaml

    from tests.conftest import ROOT

    rules = yaml.safe_load((ROOT / "deploy" / "prometheus-rules.yml").read_text())
    there = {name for name, _labels in scrape(house)[1]} | {
        "cityloop_request_seconds_bucket",
        "cityloop_backup_last_seconds",
    }
    there |= {"cityloop_steward_jobs_failed_total"}
    exprs = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    assert len(exprs) >= 8
    for expr in exprs:
        assert set(re.findall(r"cityloop_\w+", expr)) <= there, expr
