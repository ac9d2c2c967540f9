"""A small live city for browsers: Smallville in the running server, with names and passwords."""

import json

import pytest

from tests.conftest import PROVE
from tests.journeys.town import PASSWORD

PHONE = {"width": 390, "height": 844}
PLAIN = """
const given = HTMLCanvasElement.prototype.getContext
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind.startsWith("webgl") ? null : given.call(this, kind, ...more)
}
"""


def plain(context):
    """Let a browser be one that cannot draw maps: where none is looked at, drawing costs more than all else of a page.

    With `make prove` every browser draws.
    """
    if not PROVE:
        context.add_init_script(PLAIN)
    return context


@pytest.fixture(scope="session")
def town_server(city_server):
    """The running city of this process, with Smallville in it."""
    city_server.shell("from tests.journeys.town import found; found()")
    return city_server


@pytest.fixture(scope="session")
def held(town_server):
    """The town with one of everything in it: what each is known by, as the addresses in `table.py` name it."""
    hostile, rest = town_server.shell("from tests.browser.town import furnish; furnish()").splitlines()
    number, code = hostile.split()
    return {"number": number, "code": code, **json.loads(rest)}


@pytest.fixture(scope="session")
def sessions():
    """Who has signed in before: by name, what their browser keeps of it."""
    return {}


@pytest.fixture
def at_desk(browser, town_server, sessions):
    """Give a page in a browser of someone's own: the first time they sign in through the form, then they still are."""
    opened = []

    def sign_in(who: str, path: str = "/desk/", *, maps: bool = False, **context):
        made = browser.new_context(base_url=town_server.url, storage_state=sessions.get(who), **context)
        if not maps:
            plain(made)
        made.set_default_timeout(20_000)
        opened.append(made)
        page = made.new_page()
        page.goto(path)
        if who not in sessions:
            page.locator("[name=username]").fill(who)
            page.locator("[name=password]").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.locator("nav.rail").wait_for()
            sessions[who] = {"cookies": [one for one in made.cookies() if one["name"] == "sessionid"], "origins": []}
        page.locator("nav.rail").wait_for()
        return page

    yield sign_in
    for one in opened:
        one.close()


@pytest.fixture
def page_of(browser, town_server, held, at_desk):
    """Give a page in a browser in which somebody of this post has signed in, or nobody."""
    opened = []

    def open_page(who):
        if who:
            return at_desk(who, maps=True)
        opened.append(browser.new_context(base_url=town_server.url))
        opened[-1].set_default_timeout(20_000)
        return opened[-1].new_page()

    yield open_page
    for context in opened:
        context.close()


@pytest.fixture
def phone(browser, town_server):
    """Open phones that stand at places of their own, so that no test sees another's report as its duplicate."""
    opened = []

    def hold(lon=10.05, lat=50.07, viewport=PHONE, *, maps=False, **more):
        context = browser.new_context(
            base_url=town_server.url, viewport=viewport, permissions=["geolocation"],
            geolocation={"longitude": lon, "latitude": lat}, **more,
        )  # fmt: skip
        if not maps:
            plain(context)
        context.set_default_timeout(20_000)
        opened.append(context)
        return context.new_page()

    yield hold
    for context in opened:
        context.close()
