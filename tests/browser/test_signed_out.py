"""Words of a form sent after the session had ended stand in their field again after signing in, and are sent once."""

import pytest

from tests.journeys.town import PASSWORD

pytestmark = pytest.mark.once
WORDS = "The branch hangs over the second lamp"


@pytest.fixture
def case(town_server):
    found = town_server.shell(
        "from cityloop.loops.cases import numbers\nfrom cityloop.loops.cases.models import Case\n"
        "from tests.journeys.town import again\nmade = again().to('checking', lon=10.191, lat=50.091)\n"
        "print(numbers.number(Case.objects.get(pk=made)))"
    )
    return found.split()[-1]


def write(page, case):
    """Write a note on a case after the session has ended, and send it."""
    page.goto(f"/desk/cases/{case}")
    box = page.locator("details[id^=note-]")
    box.locator("summary").click()
    box.locator("textarea").fill(WORDS)
    page.context.clear_cookies(name="sessionid")
    box.locator("form button").last.click()
    page.locator("[name=password]").wait_for()


def sign_in(page, who):
    page.locator("[name=username]").fill(who)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator("nav.rail").wait_for()


def notes(server, case):
    said = server.shell(
        "from cityloop.town.ledger.models import Step\nfrom cityloop.loops.cases import numbers\n"
        f"print(Step.objects.filter(what='note', subject='case:' + str(numbers.case_id('{case}'))).count())"
    )
    return int(said.split()[-1])


def test_they_stand_in_their_field_again_and_are_sent_once(at_desk, town_server, case, sessions):
    page = at_desk("inspector")
    write(page, case)
    sign_in(page, "inspector")
    sessions["inspector"] = {"cookies": [c for c in page.context.cookies() if c["name"] == "sessionid"], "origins": []}
    box = page.locator("details[id^=note-]")
    assert page.url.endswith(f"/desk/cases/{case}") and box.get_attribute("open") is not None
    assert box.locator("textarea").input_value() == WORDS
    assert "it was not sent" in box.inner_text() and notes(town_server, case) == 0
    box.locator("form button").last.click()
    page.get_by_text("Internal note: done").wait_for()
    assert notes(town_server, case) == 1
    page.reload()
    page.locator("details[id^=note-] summary").click()
    assert page.locator("details[id^=note-] textarea").input_value() == ""


def test_nobody_else_is_shown_them(at_desk, case):
    page = at_desk("inspector")
    write(page, case)
    sign_in(page, "shift")
    assert page.locator("details[id^=note-] textarea").input_value() == ""
    assert WORDS not in page.content()
