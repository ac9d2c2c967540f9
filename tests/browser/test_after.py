"""After sending, in a browser: the page stays true by itself, shows before and after, and checks its own receipt."""

import re

import pytest

from tests.browser.test_journey import act, photo, report, resident

__all__ = ["resident"]
pytestmark = pytest.mark.once
SEAL = """
from cityloop.town.ledger.actions import sequence
from cityloop.town.ledger.sealing import seal_all
while sequence():
    pass
seal_all()
"""


def sealed(city, number):
    """Have everything sealed now, instead of within the minute."""
    city.shell(SEAL)


def test_the_page_of_a_resident_changes_in_place_and_checks_its_receipt(resident, at_desk, town_server, axe):
    number, code = report(resident)
    assert resident.locator(".qr path").get_attribute("d").startswith("M")
    act(at_desk("shift"), number, "file")
    act(at_desk("dispatcher"), number, "dispatch")
    officer = at_desk("parks")
    act(officer, number, "accept")
    resident.goto(f"/follow/{code}")
    resident.locator("details:has(form[data-offer=add]) > summary").click()
    resident.locator("form[data-offer=add] textarea").fill("half a sentence")
    act(officer, number, "report_back", words="Cut", photos=photo("gray"))
    slider = resident.locator(".compare.over input[type=range]")
    slider.wait_for(timeout=40_000)
    assert resident.locator("form[data-offer=add] textarea").input_value() == "half a sentence"
    slider.focus()
    slider.press("ArrowRight")
    assert slider.input_value() == "51"
    assert re.search(r"51%", resident.locator(".compare").get_attribute("style"))
    assert axe(resident) == []
    sealed(town_server, number)
    resident.locator("[data-island=check] button").click()
    resident.locator("[data-island=check][data-held=true]").wait_for()


def test_a_page_that_came_back_with_a_fault_keeps_its_words_renews_itself_and_may_be_loaded_again(resident, at_desk):
    number, _code = report(resident)
    act(at_desk("shift"), number, "file")
    act(at_desk("dispatcher"), number, "dispatch")
    act(at_desk("parks"), number, "accept")
    officer, complaints = at_desk("parks"), []
    officer.goto(f"/desk/cases/{number}")
    officer.locator("form[data-offer=report_back] textarea").fill("Cut, and more")
    bad = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
    officer.locator("form[data-offer=report_back] [name=photos]").set_input_files(bad)
    officer.locator("form[data-offer=report_back] button").last.click()
    officer.locator("#refused").wait_for()
    officer.on("response", lambda answer: complaints.append(answer.url) if answer.status == 405 else None)
    act(at_desk("dispatcher"), number, "note", words="mind the dog")
    officer.get_by_text("mind the dog").first.wait_for(state="attached")
    assert officer.locator("form[data-offer=report_back] textarea").input_value() == "Cut, and more"
    assert officer.reload().status == 200 and complaints == []


def test_a_receipt_that_was_changed_does_not_hold(resident, town_server):
    number, code = report(resident)
    resident.goto(f"/follow/{code}")

    def forged(route):
        answer = route.fetch()
        said, wrong = (f'\\"what\\":\\"{what}\\"' for what in ("collect", "decline"))
        assert said in answer.text()
        route.fulfill(response=answer, body=answer.text().replace(said, wrong))

    sealed(town_server, number)
    resident.route("**/receipt.json", forged)
    resident.locator("[data-island=check] button").click()
    resident.locator("[data-island=check][data-held=false]").wait_for()
    told = resident.locator("[data-island=check] [role=status]")
    assert "Step 1 does not stand under its seal." in told.inner_text()


def test_without_javascript_the_pair_stands_side_by_side(browser, town_server, at_desk, resident):
    number, code = report(resident)
    act(at_desk("shift"), number, "file")
    act(at_desk("dispatcher"), number, "dispatch")
    act(at_desk("parks"), number, "accept")
    act(at_desk("parks"), number, "report_back", words="Cut", photos=photo("gray"))
    context = browser.new_context(java_script_enabled=False, base_url=town_server.url)
    page = context.new_page()
    page.goto(f"/follow/{code}")
    was, is_ = (page.locator(f".compare .{side}").bounding_box() for side in ("was", "is"))
    assert was["x"] + was["width"] <= is_["x"] and was["y"] == is_["y"]
    assert not page.locator("[data-island=check]").is_visible() and page.get_by_text("How to check it").is_visible()
    context.close()
