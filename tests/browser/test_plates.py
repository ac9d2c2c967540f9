"""The plates at the desk in a browser: switched on and off by hand."""

import pytest

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


def test_a_plate_is_switched_on_and_off(engineer):
    engineer.locator("a[href$='/plates/port']").click()
    engineer.get_by_role("button", name="Switch on").click()
    engineer.get_by_role("button", name="Switch off").wait_for()
    engineer.goto("/desk/settings/catalogue?matter=port")
    assert engineer.locator("table.plain a[href*='/port.']").count() > 5
    engineer.goto("/desk/settings/plates/port")
    engineer.get_by_role("button", name="Switch off").click()
    engineer.get_by_role("button", name="Switch on").wait_for()
