"""Every page in a real browser: no fault in the console, axe-core clean, in all languages, themes and sizes."""

from itertools import product

import pytest

from tests.conftest import PROVE
from tests.journeys.town import PASSWORD

pytestmark = pytest.mark.once
PAGES = ["/", "/report", "/follow", "/map", "/near?lon=10.05&lat=50.07", "/near?under=100101", "/fixed", "/figures"]
PAGES += ["/desk/sign-in", "/nothing-here"]
DESK = ["/desk/", "/desk/cases/", "/desk/cases/NUMBER", "/desk/map", "/desk/settings/", "/desk/settings/catalogue"]
DESK += ["/desk/notices", "/desk/style", "/desk/wall"]
DESK += ["/desk/alarms/", "/desk/sensors/", "/desk/sensors/quality", "/desk/sensors/quarantine"]
DESK += ["/desk/sensors/trial", "/desk/cameras/"]
DESK += ["/desk/settings/units", "/desk/settings/people", "/desk/settings/calendars/city", "/desk/settings/loops/case"]
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
EVERY = list(product(SIZES, ("en", "zh-hans"), ("light", "dark")))
LOOKS = EVERY if PROVE else [EVERY[0], EVERY[-1]]  # the first differs from the last in everything


@pytest.fixture
def faults(page):
    """What the browser complains of: scripts, the security policy, files that are not there."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda said: found.append(said.text) if said.type == "error" else None)
    return found


def prepare(page, city_server, language, theme):
    """Choose language and theme as the forms of the page do."""
    cookies = {"django_language": language, "cityloop_theme": theme}
    page.context.add_cookies([{"name": n, "value": v, "url": city_server.url} for n, v in cookies.items()])


@pytest.mark.parametrize(("size", "language", "theme"), LOOKS)
@pytest.mark.parametrize("path", PAGES)
def test_page_is_sound(page, city_server, town_server, axe, faults, path, size, language, theme):
    prepare(page, city_server, language, theme)
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    page.goto(path)
    page.wait_for_load_state("networkidle")
    drawn(page)
    assert axe(page) == []
    assert [f for f in faults if "404" not in f] == []
    assert page.locator("h1").count() == 1
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0, "the page scrolls sideways"


def test_language_and_theme_are_kept(page):
    page.goto("/")
    page.get_by_role("button", name="中文").click()
    assert page.locator("h1").inner_text() == "哪里需要处理？"
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    page.get_by_role("button", name="深色主题").click()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.goto("/desk/sign-in")
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


@pytest.mark.parametrize(
    "path", ["/", "/report", "/follow", "/map", "/near", "/near?under=100101", "/fixed", "/figures"]
)
def test_targets_are_large_enough(page, town_server, path):
    """44 px on public pages, for thumbs."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path)
    small = page.evaluate(
        "[...document.querySelectorAll('main a, main button, header a, header button, main input:not([type=radio])')]"
        ".filter(e => e.offsetParent && !e.matches('.unseen, .skip') && e.getBoundingClientRect().height < 44)"
        ".map(e => e.outerHTML.slice(0, 80))"
    )
    assert small == []


def test_works_without_javascript(browser, city_server):
    context = browser.new_context(java_script_enabled=False, base_url=city_server.url)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="中文").click()
    assert page.locator("h1").inner_text() == "哪里需要处理？"
    context.close()


@pytest.mark.parametrize(("path", "most"), [("/", 60_000), ("/follow", 60_000)])
def test_public_page_is_small(page, town_server, path, most):
    """A phone on a bad network: under 60 kB for everything of a first page."""
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto(path)
    page.wait_for_load_state("networkidle")
    assert sum(sizes) < most


def test_keyboard_reaches_the_content_first(page):
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"


@pytest.fixture(scope="session")
def officer(town_server):
    """Someone who works for the city, with a name and a password."""
    return "dispatcher", PASSWORD


@pytest.fixture(scope="session")
def hostile_case(town_server):
    """A case whose words try to be a page, on its way; its number and its code."""
    said = town_server.shell("from tests.journeys.town import hostile_case; hostile_case()")
    return said.split()


def sign_in(page, officer):
    page.goto("/desk/")
    page.locator("[name=username]").fill(officer[0])
    page.locator("[name=password]").fill(officer[1])
    page.keyboard.press("Enter")
    page.locator("nav.rail").wait_for()


@pytest.mark.parametrize(("size", "language", "theme"), LOOKS)
def test_desk_is_sound(page, city_server, axe, faults, officer, hostile_case, size, language, theme):
    prepare(page, city_server, language, theme)
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    sign_in(page, officer)
    for path in DESK:
        page.goto(path.replace("NUMBER", hostile_case[0]))
        drawn(page)
        # With every offer unfolded: their fields must be sound as well.
        page.evaluate("document.querySelectorAll('details[name=offers]').forEach(e => { e.name = ''; e.open = true })")
        assert axe(page) == [], path
        assert faults == [], path
        assert page.evaluate(SIDEWAYS) == 0, path
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize(("size", "language", "theme"), LOOKS)
def test_follow_is_sound(page, city_server, axe, faults, hostile_case, size, language, theme):
    prepare(page, city_server, language, theme)
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    for path in (f"/follow/{hostile_case[1]}", f"/follow/{hostile_case[1]}/sent", f"/cases/{hostile_case[0]}"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        drawn(page)
        assert axe(page) == [], path
        assert faults == [], path
        assert page.evaluate(SIDEWAYS) == 0, path


SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def drawn(page):
    """Wait for the map of a page, where it has one; the desk's own stream never ends."""
    for chart in page.locator(".map").all():
        chart.scroll_into_view_if_needed()  # it is drawn when somebody comes near
        chart.locator("xpath=self::*[@data-ready]").wait_for()
        assert chart.get_attribute("data-ready") == "yes"


def test_on_a_phone_the_search_of_the_desk_has_room_to_type(page, officer):
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, officer)
    page.locator("#find").click()
    assert page.locator("#find").bounding_box()["width"] > 340
    page.keyboard.type("tree")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/cases/?q=tree")
    assert page.locator("#find").input_value() == "tree"


def test_desk_keys_and_sign_out(page, officer):
    sign_in(page, officer)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    assert page.locator("dialog[open]").count() == 1
    page.keyboard.press("Escape")
    page.locator(".bar-top details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/desk/")
    assert "/desk/sign-in" in page.url
