"""Pages as they stand when something is wrong, missing or asked: axe-core clean, in all languages, themes and sizes."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.browser.test_pages import LOOKS, SIDEWAYS, SIZES, prepare
from tests.journeys.town import PASSWORD

pytestmark = pytest.mark.once
PLACE = "lon=10.187&lat=50.087"
FOUND = """
from cityloop.town.persons.models import Account
from tests.journeys.town import PASSWORD, again
from tests.town.staff import make_account
town = again()
made = town.collect(matter="hole", lon=10.187, lat=50.087)
town.take(made.case, "file", "shift")
if not Account.objects.filter(username="nobody").exists():
    nobody = make_account("nobody")
    nobody.set_password(PASSWORD)
    nobody.save()
print(made.number)
"""
# What no visitor of a sound city meets, or only after a while: drawn by the server's own code.
DRAWN_AS = {"no-city": 503, "fault": 500, "kept too long": 403, "too often": 429, "no sense": 400}
DRAWN = """
import json
from unittest.mock import patch
from django.test import Client
from django.test import override_settings
def visitor(language, theme):
    there = {"SERVER_NAME": "127.0.0.1", "REMOTE_ADDR": "10.9.9.9"}
    client = Client(raise_request_exception=False, enforce_csrf_checks=True, **there)
    client.cookies.load({"django_language": language, "cityloop_theme": theme})
    return client
def drawn(answer):
    return [answer.status_code, answer.content.decode()]
def fault(client, **how):
    with patch("cityloop.town.units.queries.has_city", **how):
        return drawn(client.get("/figures"))
def often(client):
    return [client.get("/follow/AAAA-BBBB-CCCC-DDDD") for _ in range(61)][-1]
all = {}
for language in ("en", "zh-hans"):
    for theme in ("light", "dark"):
        client = visitor(language, theme)
        all[f"no-city {language} {theme}"] = fault(client, return_value=False)
        all[f"fault {language} {theme}"] = fault(client, side_effect=RuntimeError)
        all[f"kept too long {language} {theme}"] = drawn(client.post("/follow", {"code": "x"}))
        all[f"too often {language} {theme}"] = drawn(often(client))
        with override_settings(DATA_UPLOAD_MAX_NUMBER_FIELDS=1):
            all[f"no sense {language} {theme}"] = drawn(client.post("/follow", {"code": "x", "more": "y"}))
print(json.dumps(all))
"""


@pytest.fixture(scope="module")
def number(town_server):
    """A case on the dispatcher's desk, and an account that holds no post."""
    return town_server.shell(FOUND).split()[-1]


@pytest.fixture(scope="module")
def away(town_server) -> dict[str, Any]:
    """The pages of a server without a city, and of one at fault."""
    said: dict[str, Any] = json.loads(town_server.shell(DRAWN).splitlines()[-1])
    return said


@pytest.fixture(params=LOOKS, ids=["-".join(one) for one in LOOKS])
def visitor(request, browser, town_server) -> Iterator[Any]:
    """A browser of a size, with a language and a theme."""
    size, language, theme = request.param
    width, height = SIZES[size]
    context = browser.new_context(base_url=town_server.url, viewport={"width": width, "height": height})
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.kind = f"{language} {theme}"
    prepare(page, town_server, language, theme)
    yield page
    context.close()


@pytest.fixture
def sound(axe) -> Callable[..., None]:
    """Look at a page as it stands now."""

    def look(page: Any, state: str) -> None:
        for chart in page.locator(".map:visible").all():
            chart.locator("xpath=self::*[@data-ready]").wait_for()
        assert axe(page) == [], state
        assert page.locator("h1:visible").count() == 1, state
        assert page.evaluate(SIDEWAYS) == 0, state

    return look


def answer(html, route):
    route.fulfill(body=html, content_type="text/html")


def sign_in(page, who, password=PASSWORD):
    page.goto("/desk/sign-in")
    page.locator("[name=username]").fill(who)
    page.locator("[name=password]").fill(password)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_what_a_resident_meets(visitor, number, away, sound):
    page = visitor
    page.goto("/nothing-here")
    sound(page, "404")
    for what, status in DRAWN_AS.items():
        code, html = away[f"{what} {page.kind}"]
        assert code == status
        page.route("**/away", partial(answer, html))
        page.goto("/away")
        sound(page, what)
        page.unroute("**/away")

    page.goto("/follow")
    page.locator("#code").fill("7K2M-9QXT-4RHB-W8CE")
    page.locator("#code").press("Enter")
    page.locator("#code-error").wait_for()
    sound(page, "wrong code")

    page.goto("/report")
    page.locator("section.where .go-on").click()
    page.locator("section.where .error").first.wait_for()
    sound(page, "no place")
    page.goto(f"/report?{PLACE}")
    page.locator("section.what .go-on").click()
    page.locator("section.what .error").first.wait_for()
    sound(page, "no matter")
    page.locator(".offered button[value=hole]").click()
    page.locator("section.likely article").first.wait_for()
    sound(page, "likely duplicates")
    page.locator("[data-different]").click()
    page.locator("details.who summary").click()
    page.locator("#email").fill("nobody at all")
    page.locator("#send").click()
    page.locator("#email-error").wait_for()
    sound(page, "wrong e-mail")


def test_the_steps_with_faults_found_by_the_server(visitor, sound):
    """What a browser without scripts is shown, here with scripts so that axe can look."""
    page = visitor
    for do, typed, error in (
        ("what", {"lon": "far", "lat": "away"}, "#lon-error"),
        ("review", {"lon": "10.187", "lat": "50.087"}, "#matter-error"),
        ("send", {"lon": "10.013", "lat": "50.013", "words": "x" * 5001}, "#words-error"),
        ("send", {"lon": "10.013", "lat": "50.013", "words": "A hole", "email": "nobody"}, "#email-error"),
    ):
        page.goto("/report")
        page.evaluate(POST, {"do": do, **typed})
        page.locator(error).wait_for()
        page.locator("#errors").wait_for()
        sound(page, error)


POST = """(typed) => {
  const form = document.querySelector("form[data-steps]")
  const bare = document.createElement("form")
  bare.method = "post"
  bare.enctype = "multipart/form-data"
  for (const name of ["csrfmiddlewaretoken", "key", "kept"]) typed[name] = form.elements[name].value
  for (const [name, value] of Object.entries(typed)) {
    const one = Object.assign(document.createElement("textarea"), { name, value })
    bare.append(one)
  }
  document.body.append(bare)
  HTMLFormElement.prototype.submit.call(bare)
}"""


def test_what_staff_meet(visitor, number, sound):
    page = visitor
    sign_in(page, "dispatcher", "not-the-password")
    page.locator("[role=alert]").wait_for()
    sound(page, "wrong password")
    sign_in(page, "nobody")
    sound(page, "403")
    page.context.clear_cookies(name="sessionid")
    sign_in(page, "police")
    page.locator(".empty").wait_for()
    sound(page, "empty inbox")
    page.context.clear_cookies(name="sessionid")
    sign_in(page, "dispatcher")
    page.goto("/desk/cases/?q=xylophone")
    page.locator(".empty").wait_for()
    sound(page, "nothing found")
    page.goto("/desk/cases/SV-2018-999999")
    sound(page, "no such case")
    page.goto(f"/desk/cases/{number}")
    page.locator("details:has(form[data-offer=return_to_intake]) > summary").click()
    form = page.locator("form[data-offer=return_to_intake]")
    form.evaluate("form => { form.noValidate = true }")
    form.locator("textarea").fill("  ")
    form.locator("button").last.click()
    page.locator("form[data-offer=return_to_intake] .error, #refused").first.wait_for()
    sound(page, "refused")
