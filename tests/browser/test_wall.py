"""The wall in a real browser: what happens is seen, views take turns, and a server that was away comes back."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import City, start_city

pytestmark = pytest.mark.once
WIDE = {"width": 1920, "height": 1080}
ADDRESS = "/wall/?show=city,3600&show=cases,3600&show=sensing,3600"
RAISE = """
from tests.loops.sensing.instruments import bring
from tests.loops.sensing.watched import alarm, set_up, switch_on
from cityloop.loops.sensing.actions import judging
from cityloop.town.calendar.clock import city_clock
switch_on(alarm("high", above=250, clear=200))
pm, now = set_up(), city_clock.now()
bring((pm, now, 410.0), now=now)
judging.judge(at=now)
"""
STEP = "from tests.journeys.town import again; again().to('filed', matter='hole', address='1 Wall Street')"


@pytest.fixture
def own_city(new_city: Callable[..., City]) -> City:
    """A city of this test alone: it is stopped and started again."""
    city = new_city()
    city.shell("from tests.journeys.town import found; found()")
    return city


@pytest.fixture
def wall(browser: Any, own_city: City) -> Iterator[Any]:
    """A large screen on which the dispatcher has signed in."""
    from tests.journeys.town import PASSWORD

    context = browser.new_context(base_url=own_city.url, viewport=WIDE)
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto(ADDRESS)
    page.locator("[name=username]").fill("dispatcher")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.locator(".map[data-ready=yes]").wait_for()
    yield page
    context.close()


def test_what_happens_is_seen_and_a_server_that_was_away_comes_back(wall: Any, own_city: City, axe: Any) -> None:
    assert axe(wall) == []
    wall.get_by_text("Nothing needs a decision now.").wait_for()
    wall.locator(".fresh.is-live").wait_for()
    own_city.shell(STEP)
    wall.locator(".ribbon a", has_text="1 Wall Street").first.wait_for()
    own_city.shell(RAISE)
    wall.locator(".decisions .is-alarm", has_text="Alarm high").wait_for()
    wall.locator(".canvas .mark.is-alarm.alarm-rings").wait_for()

    # The views take turns in place: the map is the same one, and shows something else.
    wall.evaluate("document.querySelector('.map').marked = true")
    wall.keyboard.press("ArrowRight")
    wall.locator("h1", has_text="Overdue cases").wait_for()
    wall.keyboard.press("ArrowRight")
    wall.locator(".worst .chart").wait_for()
    wall.locator(".legend", has_text="Instruments").wait_for()
    assert wall.evaluate("document.querySelector('.map').marked") and "at=2" in wall.url
    wall.keyboard.press(" ")
    wall.locator("[data-turning][data-held]").wait_for()
    assert "hold=1" in wall.url
    assert axe(wall) == []

    # The server goes away and comes back.
    own_city.stop()
    wall.locator(".fresh.is-stale").wait_for()
    wall.evaluate("{ const real = Date.now; Date.now = () => real() + 61_000 }")  # a minute passes
    wall.locator("[data-old]", has_text="The picture is 1 min old").wait_for()
    back = start_city(own_city.home, "serve", port=int(own_city.url.rpartition(":")[2]))
    own_city.process = back.process
    own_city.shell(STEP.replace("1 Wall Street", "2 Wall Street"))
    wall.locator(".ribbon a", has_text="2 Wall Street").first.wait_for(timeout=90_000)
    wall.locator(".fresh.is-live").wait_for()
    wall.locator("[data-old]").wait_for(state="hidden")


def test_without_a_script_it_is_a_page_that_turns_itself(browser: Any, town_server: City) -> None:
    from tests.journeys.town import PASSWORD

    context = browser.new_context(base_url=town_server.url, viewport=WIDE, java_script_enabled=False)
    page = context.new_page()
    page.goto("/wall/?show=city,10&show=cases,10")
    page.locator("[name=username]").fill("dispatcher")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.locator("h1", has_text="Open cases").wait_for()
    page.locator("h1", has_text="Overdue cases").wait_for(timeout=30_000)
    assert re.search(r"at=1", page.url)
    context.close()
