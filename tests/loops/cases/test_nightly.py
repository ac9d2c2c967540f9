"""The nightly check: due once a city night, and what differs is logged as an error."""

import logging

import pytest

from cityloop.loops.cases import nightly
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.actions import set_clock
from tests.loops.cases.smallville import DAY, Town
from tests.town.staff import BY


def test_it_finds_what_was_changed_behind_its_back(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    case = town.to("filed")
    assert nightly.check() == 0
    Case.objects.filter(pk=case).update(state="handling")
    with caplog.at_level(logging.ERROR, "cityloop.nightly"):
        assert nightly.check() == 1
    assert f"case:{case}" in caplog.text


def test_once_a_night(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    class Thread:
        def __init__(self, **_: object) -> None: ...

        def start(self) -> None:
            begun.append("night")
            nightly._busy.release()

    monkeypatch.setattr(nightly.threading, "Thread", Thread)
    for later, wanted in ((0, 0), (60, 0), (DAY, 1), (DAY + 60, 1), (2 * DAY, 2)):
        at = town.at + later
        set_clock(zone="America/New_York", by=BY, at=at, real=at, mode="driven", city=at, speed=0)
        nightly.check_tonight()
        assert len(begun) == wanted
