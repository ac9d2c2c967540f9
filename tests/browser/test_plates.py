"""The plates at the desk in a browser: axe-core clean at every size, and switched on and off by hand."""

import pytest

from tests.browser.test_pages import LOOKS, SIDEWAYS, SIZES, prepare

pytestmark = pytest.mark.once
ENGINEER = """
from cityloop.town.orgs.queries import city
from cityloop.town.persons.models import Account
from tests.journeys.town import PASSWORD
from tests.town.staff import make_account, seat
if not Account.objects.filter(username="plates-engineer").exists():
    who = make_account("plates-engineer")
    who.set_password(PASSWORD)
    who.save()
    seat(city(), "city_engineer", account=who)
"""


@pytest.fixture
def engineer(town_server, at_desk):
    """The city engineer's browser, on the list of plates."""
    town_server.shell(ENGINEER)
    return at_desk("plates-engineer", "/desk/settings/plates")


@pytest.mark.parametrize(("size", "language", "theme"), LOOKS)
def test_the_pages_are_sound(engineer, city_server, axe, size, language, theme):
    prepare(engineer, city_server, language, theme)
    engineer.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    for path in ("/desk/settings/plates", "/desk/settings/plates/health", "/desk/settings/plates/municipal"):
        engineer.goto(path)
        engineer.locator("h1").wait_for()
        assert axe(engineer) == [], path
        assert engineer.locator("h1").count() == 1
        assert engineer.evaluate(SIDEWAYS) == 0, path


def test_a_plate_is_switched_on_and_off(engineer):
    engineer.locator("a[href$='/plates/port']").click()
    engineer.get_by_role("button", name="Switch on").click()
    engineer.get_by_role("button", name="Switch off").wait_for()
    engineer.goto("/desk/settings/catalogue?matter=port")
    assert engineer.locator("table.plain a[href*='/port.']").count() > 5
    engineer.goto("/desk/settings/plates/port")
    engineer.get_by_role("button", name="Switch off").click()
    engineer.get_by_role("button", name="Switch on").wait_for()
