"""A small live city for browsers: Smallville in the running server, with names and passwords."""

import pytest

from tests.journeys.town import PASSWORD

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def town_server(city_server):
    """The running city of this process, with Smallville in it."""
    city_server.shell("from tests.journeys.town import found; found()")
    return city_server


@pytest.fixture
def at_desk(browser, town_server):
    """Sign someone in through the form, in a browser of their own, and give the page."""
    opened = []

    def sign_in(who: str, path: str = "/desk/", **context):
        made = browser.new_context(base_url=town_server.url, **context)
        made.set_default_timeout(20_000)
        opened.append(made)
        page = made.new_page()
        page.goto(path)
        page.locator("[name=username]").fill(who)
        page.locator("[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.locator("nav.rail").wait_for()
        return page

    yield sign_in
    for one in opened:
        one.close()


@pytest.fixture
def phone(browser, town_server):
    """Open phones that stand at places of their own, so that no test sees another's report as its duplicate."""
    opened = []

    def hold(lon=10.05, lat=50.07, viewport=PHONE, **more):
        context = browser.new_context(
            base_url=town_server.url, viewport=viewport, permissions=["geolocation"],
            geolocation={"longitude": lon, "latitude": lat}, **more,
        )  # fmt: skip
        context.set_default_timeout(20_000)
        opened.append(context)
        return context.new_page()

    yield hold
    for context in opened:
        context.close()
