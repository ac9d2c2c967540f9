"""A dispatcher's morning by keyboard alone, two dispatchers at one case, and one stream for all tabs of a browser."""

import re
import time

import pytest

from tests.browser.test_whole_loop import EVERY, SIZES
from tests.conftest import PROVE

pytestmark = pytest.mark.once
CASES = 50 if PROVE else 5
DISPATCHED = {"en": "Dispatched", "zh-hans": "已派遣"}
DISPATCH = {"en": "Dispatch", "zh-hans": "派遣"}
FILED = """
from tests.journeys.town import again
town = again()
made = [town.collect(matter="hole", lon=10.0101 + n / 1000, lat=50.011) for n in range({n})]
for one in made:
    town.take(one.case, "file", "shift")
print(*(one.number for one in made))
"""


def filed(town_server, n):
    """Bring cases to the dispatcher's desk, and give their numbers."""
    return town_server.shell(FILED.format(n=n)).split()


def state(page, number):
    page.goto(f"/desk/cases/{number}")
    return page.locator("[data-live=head] .chip").first.inner_text()


def on_page(page, number):
    page.wait_for_url(re.compile(rf"/desk/cases/{number}"))
    page.locator(f"[data-case='{number}']").wait_for()


def spoken(page, language, path):
    """Open a page of somebody who has signed in, in a language."""
    page.context.add_cookies([{"name": "django_language", "value": language, "url": page.url}])
    page.goto(path)
    return page


@pytest.mark.parametrize(("size", "language"), EVERY if PROVE else [("desk", "en")])
def test_a_dispatchers_morning_by_keyboard_alone(at_desk, town_server, size, language):
    mine = filed(town_server, CASES)
    page = spoken(at_desk("dispatcher", viewport=SIZES[size]), language, "/desk/?what=filed&unit=100101")
    page.locator("[data-rows] [data-row]").first.wait_for()
    keys = page.keyboard
    keys.press("j")
    listed = [row.get_attribute("data-row") for row in page.locator("[data-rows] [data-row]").all()]
    assert set(mine) <= set(listed)
    keys.press("a")
    for at, number in enumerate(listed):
        on_page(page, number)
        assert page.locator("form[data-offer=dispatch] :focus").count() == 1, "the form is open, in a field"
        keys.press("Control+Enter")
        if at + 1 < len(listed):
            on_page(page, listed[at + 1])
    page.wait_for_url(re.compile(r"/desk/\?what=filed"))  # the list is worked through: back to it
    assert not set(mine) & {row.get_attribute("data-row") for row in page.locator("[data-rows] [data-row]").all()}
    assert state(page, mine[0]) == DISPATCHED[language]


def test_moving_through_a_list_and_about_the_desk(at_desk, town_server):
    filed(town_server, 3)
    page = at_desk("dispatcher", "/desk/?what=filed")
    keys = page.keyboard
    page.locator("[data-rows] [data-row]").nth(2).wait_for()
    first, second = (page.locator("[data-rows] [data-row]").nth(n).get_attribute("data-row") for n in (0, 1))
    keys.press("j")
    keys.press("Enter")
    on_page(page, first)
    keys.press("n")
    on_page(page, second)
    keys.press("p")
    on_page(page, first)
    keys.press("a")
    assert page.evaluate("document.activeElement.name") == "lead"
    lead = page.locator("form[data-offer=dispatch] [name=lead]")
    before = lead.input_value()
    keys.press("a")  # once more: on to the next action, not to a lead that begins with "a"
    assert (lead.input_value(), page.evaluate("document.activeElement.name") == "lead") == (before, False)
    keys.press("Escape")
    keys.press("j")
    keys.press("Enter")
    page.wait_for_function("document.activeElement.closest('details[name=offers][open] form')")
    keys.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    for to, path in (("m", "/desk/map"), ("c", "/desk/cases/"), ("n", "/desk/notices"), ("i", "/desk/")):
        keys.press("g")
        keys.press(to)
        page.wait_for_url(f"**{path}")
    keys.press("?")
    page.locator("dialog[open] [data-keys-on]").uncheck()
    keys.press("Escape")
    keys.press("/")
    assert page.evaluate("document.activeElement.name") != "q"


PLACES = {
    "i": "/desk/", "c": "/desk/cases/", "f": "/desk/find", "r": "/desk/new", "m": "/desk/map", "s": "/desk/alarms/",
    "w": "/desk/wall", "n": "/desk/notices", "e": "/desk/settings/",
}  # fmt: skip
CHORDS = """all => all.map((one) => [...one.querySelectorAll("kbd")].map((key) => key.innerText))
  .filter((keys) => keys[0] === "g").map((keys) => keys[1])"""


@pytest.mark.parametrize(("who", "lacks"), [("inspector", "r"), ("intake", "f")])
def test_every_place_of_the_rail_has_a_key_and_the_dialog_lists_it(at_desk, who, lacks):
    page, places = at_desk(who), {key: path for key, path in PLACES.items() if key != lacks}
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()
    assert set(page.locator("dialog .keys dt").evaluate_all(CHORDS)) == set(places)
    page.keyboard.press("Escape")
    assert page.locator(".rail a.place").count() == len(set(places) - {"n"}), "the bell stands beside the rail"
    for key, path in places.items():
        page.goto("/desk/cases/?state=open")
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(f"**{path}")


def test_after_an_action_one_stands_at_what_was_done(at_desk, town_server):
    """A screen reader says nothing of a status that stood there when the page began; it says what one stands at."""
    (number,) = filed(town_server, 1)
    page = at_desk("dispatcher", f"/desk/cases/{number}")
    page.locator(f"[data-case='{number}']").wait_for()
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    page.get_by_text(f", {number}.").wait_for()
    page.wait_for_function("document.activeElement.getAttribute('role') === 'status'")
    assert number in page.evaluate("document.activeElement.innerText")


def test_ticked_rows_are_dispatched_together_after_a_preview(at_desk, town_server):
    mine = filed(town_server, 3)
    page = at_desk("dispatcher", "/desk/?what=filed&unit=100101")
    keys = page.keyboard
    page.locator("[data-rows] [data-row]").first.wait_for()
    listed = [row.get_attribute("data-row") for row in page.locator("[data-rows] [data-row]").all()]
    for number in listed:
        keys.press("j")
        if number in mine:
            keys.press("x")
    keys.press("a")
    keys.press("Enter")
    page.get_by_role("button", name=re.compile("Dispatch")).first.focus()
    keys.press("Enter")
    page.locator(".many-form").wait_for()
    text = page.locator("main").inner_text()
    assert all(number in text for number in mine) and "Becomes “Dispatched”" in text
    page.locator(".many-form button.btn-primary").press("Enter")
    page.get_by_text("Done for 3 cases.").wait_for()
    assert [state(page, number) for number in mine] == ["Dispatched"] * 3


@pytest.mark.parametrize(("size", "language"), EVERY if PROVE else [("desk", "en")])
def test_of_two_dispatchers_one_wins_and_the_other_keeps_their_words(at_desk, town_server, size, language):
    (number,) = filed(town_server, 1)
    both = (at_desk("dispatcher", viewport=SIZES[size]) for _ in range(2))
    one, two = (spoken(page, language, f"/desk/cases/{number}") for page in both)
    two.locator("details:has(form[data-offer=return_to_intake]) > summary").click()
    two.locator("form[data-offer=return_to_intake] textarea").fill("The place is wrong, ask again")
    one.locator("form[data-offer=dispatch] button").last.click()
    one.locator("[data-live=head] .chip", has_text=DISPATCHED[language]).wait_for()
    two.locator("form[data-offer=return_to_intake] button").last.click()
    told = two.locator("#refused")
    told.wait_for()
    assert DISPATCH[language] in told.inner_text() and "The place is wrong, ask again" in told.inner_text()
    assert state(two, number) == DISPATCHED[language]


def test_one_stream_for_all_tabs_and_a_step_is_seen_within_a_second(at_desk, town_server):
    (number,) = filed(town_server, 1)
    first = at_desk("dispatcher", f"/desk/cases/{number}")
    first.locator(".fresh.is-live").first.wait_for()
    asked = []
    first.context.on("request", lambda request: asked.append(request.url) if request.url.endswith("/live") else None)
    second = first.context.new_page()
    second.goto(f"/desk/cases/{number}")
    for page in (first, second):
        page.locator(".fresh.is-live").first.wait_for()
    assert asked == []  # the first tab listens already
    other = at_desk("shift", f"/desk/cases/{number}")
    other.locator("details:has(form[data-offer=note]) > summary").click()
    other.locator("form[data-offer=note] textarea").fill("Seen on every screen")
    other.locator("form[data-offer=note] button").last.click()
    other.get_by_text(f"done, {number}.").wait_for()
    begun = time.monotonic()
    for page in (second, first):
        page.locator("[data-live=timeline] blockquote", has_text="Seen on every screen").wait_for(timeout=10_000)
    assert time.monotonic() - begun < 5, "far more than a second, also on a slow machine"
    first.close()
    second.locator(".fresh.is-live").first.wait_for()
    second.wait_for_timeout(500)
    assert len(asked) == 1  # the second took over
