"""Killed without warning, again and again: nothing that was confirmed is lost, nothing is doubled."""

import random
import signal
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests import pg
from tests.conftest import PROVE
from tests.faults.house import Crowd, House, house

MIGRATE = """
from django.core.management import call_command
call_command("migrate", verbosity=0, interactive=False)
"""
KILLS = 50 if PROVE else 2  # with those of an import and a replay, five a database


@pytest.fixture(scope="module")
def served(small_house: House) -> House:
    return small_house


def _at_once(calls: list[Any]) -> list[Any]:
    gate, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def work(n: int) -> None:
        gate.wait()
        answers[n] = calls[n]()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.xdist_group("small house")
def test_two_at_once_one_wins_the_other_is_told(served: House) -> None:
    for n in range(5):
        number = served.report(f"race-{n}")[1]["number"]
        assert served.act(number, "file", "shift", 1)[0] == 200
        answers = _at_once(
            [
                lambda number=number: served.act(number, "dispatch", "dispatcher", 2),
                lambda number=number: served.act(number, "return_to_intake", "dispatcher", 2, words="Wrong matter"),
            ]
        )
        assert sorted(status for status, _ in answers) == [200, 409]
        loser = next(said for status, said in answers if status == 409)
        won = "dispatch" if answers[0][0] == 200 else "return_to_intake"
        assert loser["code"] == "cases.changed" and f"({won})" in loser["detail"]


@pytest.mark.xdist_group("small house")
def test_twenty_identical_reports_at_once_are_one_case(served: House) -> None:
    before = len(served.facts()[0])
    answers = _at_once([lambda: served.report("same")] * 20)
    assert {status for status, _ in answers} == {201}
    assert len({said["number"] for _, said in answers}) == len({said["follow"] for _, said in answers}) == 1
    assert len(served.facts()[0]) == before + 1


@pytest.mark.xdist_group("faults")
def test_killed_at_random_moments(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)
    with house(tmp_path / "home") as city:
        crowd = Crowd(city, seed)
        kills = 0
        while kills < KILLS or not (crowd.answered and crowd.taken):  # a slow machine does little in a second
            for _ in crowd.rush(rng.uniform(0.2, 1.5)):
                city.kill()
            city.start()
            crowd.settle()
            kills += 1
        crowd.check()


@pytest.mark.once
@pytest.mark.xdist_group("faults")
def test_the_database_is_killed_under_load(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)
    with pg.cluster() as url, closing(House(tmp_path / "home", url)) as city:
        city.home.mkdir()
        city.python(MIGRATE)
        city.build()
        city.start()
        crowd = Crowd(city, seed)
        kills = 0
        while kills < (10 if PROVE else 1) or not (crowd.answered and crowd.taken):
            for _ in crowd.rush(rng.uniform(0.5, 1.5)):
                pg.kill(url)
                pg.restart(url)
            for _ in crowd.rush(0.5):
                pass
            kills += 1
        crowd.check()
        city.kill(signal.SIGTERM)
