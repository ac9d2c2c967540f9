"""Whoever reads at twice the size on a small phone sees pages whole; what a phone without a script is shown."""

import pytest

from tests.browser.test_journey import photo, report, resident

__all__ = ["resident"]
pytestmark = pytest.mark.once
TWICE = {"width": 195, "height": 422}  # 390 × 844 at 200 %
PAGES = ["/", "/report", "/follow", "/map", "/near", "/near?under=100101", "/fixed", "/figures"]
OUT = """[...document.querySelectorAll('header *, main *')].filter(e => e.getClientRects().length
 && !e.closest('.unseen, .skip, .map, .table-scroll, svg') && e.getBoundingClientRect().right > innerWidth + 1)
 .map(e => e.outerHTML.slice(0, 90))"""


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("path", PAGES)
def test_at_twice_the_size_nothing_is_cut_off(page, town_server, path, language):
    page.context.add_cookies([{"name": "django_language", "value": language, "url": town_server.url}])
    page.set_viewport_size(TWICE)
    page.goto(path)
    page.wait_for_load_state("networkidle")
    assert page.evaluate(OUT) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    name = page.locator("header .brand span")
    assert not name.count() or path == "/report" or name.bounding_box()["width"] > 40, "the city has a name"


def test_at_twice_the_size_a_row_of_the_inbox_says_its_matter(resident, at_desk):
    report(resident)
    page = at_desk("intake", viewport=TWICE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    matter, following = (page.locator(f"tr[data-row] td.{part}").first.bounding_box() for part in ("matter", "next"))
    assert matter["width"] > 120 and following["x"] + following["width"] <= TWICE["width"]


@pytest.fixture(scope="module")
def in_states(town_server):
    """Bring a case to each of some states."""
    for state in ("collected", "dispatched", "checking"):
        town_server.shell(f"from tests.journeys.town import again; again().to({state!r}, lon=10.192, lat=50.093)")


OPENED = """() => {
 for (const one of document.querySelectorAll("main details")) { one.removeAttribute("name"); one.open = true }
 return document.documentElement.scrollWidth <= innerWidth }"""


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("who", ["intake", "dispatcher", "inspector"])
def test_at_twice_the_size_a_case_does_not_scroll_sideways(at_desk, town_server, in_states, who, language):
    page = at_desk(who, viewport=TWICE)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": town_server.url}])
    for state in ("collected", "dispatched", "checking"):
        page.goto(f"/desk/cases/?state={state}")
        number = page.locator("tr[data-row]").first.get_attribute("data-row")
        page.goto(f"/desk/cases/{number}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state
        assert page.evaluate(OPENED), f"{state}, with every form open"


def test_what_will_be_sent_shows_its_photos(resident):
    page = resident
    page.goto("/report?lon=10.0713&lat=50.013")
    page.locator("input[name=photos]").set_input_files([photo("red")])
    page.locator(".thumbs button img").first.wait_for()
    page.locator(".offered button").first.click()
    page.locator("[data-sum=photos] img").wait_for()
    assert page.evaluate("document.querySelector('[data-sum=photos] img').naturalWidth") > 0


def test_without_a_script_no_map_is_promised(browser, town_server):
    context = browser.new_context(java_script_enabled=False, base_url=town_server.url)
    page = context.new_page()
    page.goto("/report")
    assert not page.locator(".step.where .map").is_visible()
    assert "Tap the map" not in page.locator(".step.where").inner_text()
    context.close()
