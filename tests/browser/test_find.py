"""An inspector's own find on a phone: three taps after opening, kept without network, sent by nobody else; axe."""

import pytest

from tests.browser.conftest import PHONE
from tests.browser.test_report_flow import KEPT, cases_about

pytestmark = pytest.mark.once
JPEG = "place.jpg"


@pytest.fixture
def street(at_desk):
    """Give the phone of an inspector who stands somewhere, at their inbox."""

    def stand(lon, lat, accuracy=8, **more):
        where = {"longitude": lon, "latitude": lat, "accuracy": accuracy}
        return at_desk("inspector", viewport=PHONE, permissions=["geolocation"], geolocation=where, **more)

    return stand


def picture():
    from tests.doors.web.conftest import picture as made

    return {"name": JPEG, "mimeType": "image/jpeg", "buffer": made().getvalue()}


def test_three_taps_after_opening(street, axe):
    """Photo, a large matter, send: the place is found beside, and how exactly is told."""
    page = street(10.15, 50.083)
    page.get_by_role("link", name="Report", exact=True).click()
    page.get_by_text("Where you are, to about 8 m.").last.wait_for()
    assert page.get_by_role("button", name="Take a photo").is_visible()
    page.locator("#photos").set_input_files(picture())
    assert axe(page) == []
    page.locator(".offered button").first.click()
    page.get_by_role("heading", name="Ready to send").wait_for()
    assert axe(page) == []
    page.get_by_role("button", name="Report it").click()
    page.get_by_text("It is in the book:").wait_for()
    assert axe(page) == []
    page.get_by_role("link", name="Open the case").click()
    page.get_by_text("by an inspector on the spot").wait_for()


def test_a_photo_is_taken_away_by_keyboard_and_one_stays_where_it_was(street):
    page = street(10.15, 50.083)
    page.goto("/desk/find")
    page.locator("#photos").set_input_files([picture() | {"name": f"{n}.jpg"} for n in range(3)])
    page.locator("[data-thumbs] button").nth(1).focus()
    for left in ("2.jpg", "0.jpg"):
        page.keyboard.press("Enter")
        page.wait_for_function(f"document.activeElement.querySelector('img')?.alt.endsWith('{left}')")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'photos'")


def test_a_rough_position_is_told_and_another_place_chosen_stays(street):
    page = street(10.16, 50.083, accuracy=300)
    page.goto("/desk/find")
    page.get_by_text("Only to about 300 m").last.wait_for()
    assert page.locator("[name=lon]").input_value() == "10.160000"
    page.get_by_role("button", name="Change the place").first.click()
    page.get_by_role("heading", name="Where is it?").wait_for()


def test_without_a_position_the_place_is_asked_for_and_the_matter_stays(at_desk):
    page = at_desk("inspector", viewport=PHONE)
    page.goto("/desk/find")
    page.locator(".offered button").first.click()
    page.get_by_role("heading", name="Where is it?").wait_for()
    page.locator("summary", has_text="House number").click()
    page.locator("#address").fill("Mill Lane 3")
    page.locator("section.where .go-on").click()
    page.get_by_role("heading", name="Ready to send").wait_for()
    page.get_by_role("button", name="One step back").click()
    page.get_by_role("heading", name="What needs fixing?").wait_for()


def test_without_network_it_is_opened_kept_and_sent_once_by_its_sender(street, town_server, sessions):
    page = street(10.17, 50.083)
    page.goto("/desk/find")
    page.wait_for_function("navigator.serviceWorker.ready.then(() => caches.match('/desk/find/kept')).then(Boolean)")
    page.context.set_offline(True)
    page.goto("/desk/find")
    assert page.locator("[name=whose]").input_value() == "", "the page kept is of nobody"
    page.get_by_text("Where you are").last.wait_for()
    page.locator("#photos").set_input_files(picture())
    page.locator("#words").fill("Glass on the path, found")
    page.locator("section.what .go-on").click()
    page.get_by_role("button", name="Report it").click()
    page.get_by_text(KEPT["en"]).wait_for()
    page.context.clear_cookies(name="sessionid")
    page.context.set_offline(False)
    page.get_by_text("It waits for who wrote it to sign in.").wait_for()
    assert cases_about(town_server, "Glass on the path, found") == 0
    page.context.add_cookies(sessions["inspector"]["cookies"])
    page.goto("/desk/find")
    page.locator("[data-state=sent]").wait_for()
    assert cases_about(town_server, "Glass on the path, found") == 1


def test_without_a_script(at_desk):
    page = at_desk("inspector", viewport=PHONE, java_script_enabled=False)
    page.goto("/desk/find")
    page.locator("#words").fill("The lamp is dark")
    page.get_by_role("button", name="Continue").first.click()
    page.get_by_role("heading", name="Where is it?").wait_for()
    page.locator("#lon").fill("10.18")
    page.locator("#lat").fill("50.083")
    page.locator("section.where .go-on").click()
    page.locator("section.what .go-on").click()
    page.get_by_role("button", name="Report it").click()
    page.get_by_text("It is in the book:").wait_for()
