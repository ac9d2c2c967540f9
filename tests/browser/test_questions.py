"""What a matter asks of whoever reports it, on a phone: told at the field, kept in a draft, read at the desk."""

import time

import pytest

from tests.browser.test_whole_loop import SIZES

pytestmark = pytest.mark.once
SWITCH_ON = """
from cityloop.ground.kit.manifest import Manifest
from cityloop.town.catalog import actions, queries
from cityloop.town.calendar.clock import city_clock
from tests.doors.open311.conftest import QUESTIONS
from tests.loops.cases.smallville import PLATE
from tests.town.staff import BY, both
swing = {**PLATE.matters[0].model_dump(by_alias=True), "code": "swing", "names": {"en": "Swing", "zh-hans": "秋千"}}
plate = Manifest.model_validate({
    "key": "playgrounds", "version": "1.0.0", "names": both("Playgrounds"),
    "organisations": [{"key": "roads", "names": both("Roads")}],
    "matters": [{**swing, "keywords": {}, "questions": QUESTIONS}],
    "responsibility": [{"matter": "swing", "lead": "roads"}],
})
if "swing" not in queries.current().matters:
    actions.switch_on(plate=plate, by=BY, at=city_clock.now())
"""
SWITCH_OFF = """
from cityloop.town.catalog import actions
from cityloop.town.calendar.clock import city_clock
from tests.town.staff import BY
actions.switch_off(plate="playgrounds", by=BY, at=city_clock.now())
"""
SEND = "Send the report"


@pytest.fixture(scope="module", autouse=True)
def playgrounds(town_server):
    """The town with a plate whose one matter asks a question of every kind."""
    town_server.shell(SWITCH_ON)
    time.sleep(2)  # each process of the server asks once a second whether the catalogue has changed
    yield town_server
    town_server.shell(SWITCH_OFF)


def begun(page, words):
    """Write a report about a swing, as far as its questions."""
    page.goto("/report")
    page.locator("section.where [data-position]").click()
    page.locator("#words").fill(words)
    page.locator(".offered button[value=swing]").click()
    page.locator("[name=answer-depth]").wait_for()


def answer(page, depth="30"):
    """Answer a question of every kind but the one of yes and no, which is not needed."""
    page.get_by_label("Large & <wide>").check()
    page.get_by_label("How deep, in cm?").fill(depth)
    page.get_by_label("Since when?").fill("2018-10-20")
    for seen in ("Glass", "Water"):
        page.get_by_label(seen).check()
    page.get_by_label("What else?").fill("The chain is gone")


def stands(page):
    """Give what is answered in the form, by question."""
    return page.evaluate(
        "[...new FormData(document.querySelector('form[data-steps]'))].filter(([n, v]) => n.startsWith('answer-') && v)"
    )


WHOLE = [
    ["answer-size", "l"], ["answer-depth", "30"], ["answer-since", "2018-10-20"],
    ["answer-seen", "water"], ["answer-seen", "glass"], ["answer-more", "The chain is gone"],
]  # fmt: skip


def test_wrong_answers_are_told_at_the_field_and_right_ones_reach_desk_and_follower(phone, at_desk, axe):
    page = phone(10.012, 50.017)
    begun(page, "A swing hangs loose")
    assert page.locator("[name=answer-since]").get_attribute("type") == "date"
    assert page.locator("[name=answer-depth]").get_attribute("inputmode") == "decimal"
    page.get_by_label("How deep, in cm?").fill("deep")
    page.get_by_label("Water").check()
    page.get_by_role("button", name=SEND).click()
    page.locator("#answer-depth-error").wait_for()
    assert "Give a number." in page.locator("#answer-depth-error").inner_text()
    assert "This is needed." in page.locator("#answer-size-error").inner_text()
    assert page.locator("[name=answer-depth]").get_attribute("aria-invalid") == "true"
    assert page.evaluate("document.activeElement.id") == "errors" and axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.get_by_label("Water").is_checked() and page.locator("[name=answer-depth]").input_value() == "deep"
    page.locator("#errors a[href='#answer-depth']").click()
    assert page.evaluate("document.activeElement.name") == "answer-depth"
    answer(page)
    assert stands(page) == WHOLE
    page.get_by_role("button", name=SEND).click()
    number, code = (page.locator(f"[data-{what}]").inner_text() for what in ("number", "code"))
    wanted = ("Large & <wide>", "30", "Oct 20, 2018", "Water", "Glass", "The chain is gone")
    desk = at_desk("intake", f"/desk/cases/{number}", viewport=SIZES["phone"])
    page.goto(f"/follow/{code}")
    for one in (desk, page):
        said = one.locator("main").inner_text()
        assert [words for words in wanted if words not in said] == []
        assert "How deep, in cm?" in said
    assert axe(page) == []


@pytest.mark.parametrize("network", [True, False])
def test_the_answers_of_a_draft_are_there_again(phone, network):
    """The questions are the server's: without network they cannot be drawn, and the answers wait for them."""
    page = phone(10.022 if network else 10.032, 50.017)
    begun(page, "A swing without its seat")
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    answer(page)
    page.context.set_offline(not network)
    if network:
        page.get_by_role("button", name="Keep for later").click()
    else:
        page.get_by_role("button", name=SEND).click()
        page.locator("[data-state=queued]").wait_for()
        page.goto("/")
    page.get_by_role("link", name="Continue").click()
    page.get_by_role("heading", name="Ready to send").wait_for()
    if not network:
        page.wait_for_timeout(900)  # the draft is kept again, and what is asked of the server fails
        assert sorted(stands(page)) == sorted(WHOLE)
        page.context.set_offline(False)
    page.locator("[name=answer-depth]").wait_for()
    assert stands(page) == WHOLE
    page.get_by_role("button", name=SEND).click()
    page.locator("[data-code]").wait_for()


def test_a_matter_that_came_into_force_after_the_page_was_opened_is_chosen_all_the_same(phone):
    page = phone(10.012, 50.017)
    page.goto("/report")
    page.evaluate("document.querySelector('input[name=matter][value=swing]').remove()")
    page.locator("section.where [data-position]").click()
    page.locator("#words").fill("A swing hangs loose")
    page.locator(".offered button[value=swing]").click()
    page.locator("input[name=matter][value=swing]:checked").wait_for(state="attached")
    assert page.locator("[name=answer-depth]").count() == 1
    assert page.locator("#words").input_value() == "A swing hangs loose"
