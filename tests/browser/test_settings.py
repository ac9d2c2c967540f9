"""Settings on a phone, as the city engineer: nothing lies over something else, and where one is is in sight."""

import pytest

from tests.browser.test_plates import ENGINEER

pytestmark = pytest.mark.once
PHONE = {"width": 390, "height": 844}
OVER = """rows => rows.filter(row => {
  const close = row.querySelector('td:last-child button')?.getBoundingClientRect()
  return close && [...row.querySelectorAll('li > span')].some(s => s.getBoundingClientRect().right > close.left)
}).map(row => row.innerText)"""


@pytest.fixture
def settings_page(town_server, at_desk):
    """Open a page of the settings on the city engineer's phone."""
    town_server.shell(ENGINEER)
    return lambda path: at_desk("plates-engineer", f"/desk/settings/{path}", viewport=PHONE)


def test_posts_and_buttons_do_not_lie_over_each_other(settings_page):
    rows = settings_page("people").locator("table.plain tbody tr")
    assert rows.count() > 3 and rows.evaluate_all(OVER) == []


@pytest.mark.parametrize("path", ["catalogue/tree", "people", "calendars/city", "loops"])
def test_a_page_does_not_scroll_sideways_and_shows_where_it_is(settings_page, path):
    page = settings_page(path)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    place = page.locator(".settings-menu [aria-current]").bounding_box()
    assert place["x"] >= -1 and place["x"] + place["width"] <= PHONE["width"] + 1


def test_words_of_a_table_are_not_cut_in_two(settings_page):
    cell = settings_page("catalogue").locator("table.plain td").first
    assert cell.evaluate("e => getComputedStyle(e).overflowWrap") == "break-word"
