"""Reporting on a phone: three taps, without scripts, without network, by the name of a street; axe at every step."""

import json
import re

import pytest

from tests.browser.test_whole_loop import EVERY, SIZES
from tests.conftest import PROVE

pytestmark = pytest.mark.once
KEPT = {
    "en": "Kept on this phone. It is sent when the network is back.",
    "zh-hans": "已保存在本机，网络恢复后自动提交。",
}
# Smallville lies from 10.0 to 10.2 east, 50.0 to 50.1 north.
PLACES = """
import json, tempfile
from pathlib import Path
from django.conf import settings
from cityloop.town.basemap.actions import Source
from cityloop.town.places.actions import gather
def road(name, *points): return {"type": "Feature", "properties": {"name": name, "class": "primary"},
    "geometry": {"type": "LineString", "coordinates": points}}
with tempfile.TemporaryDirectory() as folder:
    streets = Path(folder) / "streets.geojson"
    roads = [road("Long Road", [10.0, 50.05], [10.2, 50.05]), road("42nd Street", [10.06, 50.0], [10.06, 50.1])]
    streets.write_text(json.dumps({"type": "FeatureCollection", "features": roads}))
    gather([Source("road", streets)], settings.PLACES_FILE)
"""


@pytest.fixture(scope="module", autouse=True)
def named(town_server):
    town_server.shell(PLACES)
    return town_server


def test_three_taps(phone):
    """Here, a large matter, send: nothing typed, nothing asked twice."""
    page = phone(10.013, 50.013)
    page.goto("/")
    page.get_by_role("button", name="Here, where I am").click()
    page.get_by_role("heading", name="What needs fixing?", level=1).wait_for()
    assert "Step 2 of 3" in page.locator("[data-progress]").inner_text()
    page.locator(".offered button").first.click()
    page.get_by_role("button", name="Send the report").click()
    assert re.fullmatch(r"[0-9A-Z-]{19}", page.locator("[data-code]").inner_text())
    page.goto("/follow")
    page.locator(".mine a").wait_for()
    assert page.locator(".mine a").count() == 1, "this device remembers its own report"


def test_back_and_forward_lose_nothing(phone):
    page = phone(10.021, 50.013)
    page.goto("/report")
    page.get_by_role("button", name="Continue").click()
    assert "Say where" in page.locator(".step.where .error").inner_text()
    page.get_by_role("button", name="Here, where I am").click()
    page.locator("#words").fill("The lamp is dark")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Ready to send").wait_for()
    assert page.locator("[data-sum=words]").inner_text() == "The lamp is dark"
    page.go_back()
    page.get_by_role("heading", name="What needs fixing?").wait_for()
    page.get_by_role("button", name="One step back").click()
    page.get_by_role("button", name="Continue").click()
    assert page.locator("#words").input_value() == "The lamp is dark"


def test_a_place_is_found_by_its_street_while_typing(phone):
    page = phone()
    page.goto("/")
    page.locator("#place").fill("long rd and 42 st")
    page.get_by_role("link", name="Long Road at 42nd Street").click()
    page.get_by_role("heading", name="Where is it?").wait_for()
    assert float(page.locator("#lon").input_value()) == pytest.approx(10.06, abs=1e-4)
    page.locator("#place").fill("lomg road")
    page.locator(".spots").get_by_role("button", name="Long Road").click()
    assert page.locator("#address").input_value() == "Long Road"
    page.get_by_role("button", name="Continue").click()
    assert "Long Road" in page.locator(".chosen").inner_text()


def test_without_a_script_a_place_is_found_by_its_street(phone):
    page = phone(java_script_enabled=False)
    page.goto("/")
    page.locator("#place").fill("42 street")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="42nd Street").click()
    page.get_by_role("button", name="Continue").click()
    page.locator(".offered button").first.click()
    page.get_by_role("heading", level=1).wait_for()
    assert "42nd Street" in page.locator(".sum").inner_text()


@pytest.mark.parametrize(("size", "language"), EVERY if PROVE else [("phone", "en")])
def test_a_report_without_network_is_sent_when_it_is_back(phone, named, size, language):
    page = phone(10.031, 50.013 + EVERY.index((size, language)) / 100, viewport=SIZES[size])
    page.context.add_cookies([{"name": "django_language", "value": language, "url": named.url}])
    words = f"Glass on the path, {size}, {language}"
    page.goto("/report")
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    page.goto("/report")
    assert page.locator("html").get_attribute("lang").lower() == language
    page.locator("section.where [data-position]").click()
    page.locator("#words").fill(words)
    page.locator("section.what .go-on").click()
    page.locator("#send").click()
    page.get_by_text(KEPT[language]).wait_for()
    assert page.locator("[data-state=queued]").is_visible()
    page.goto("/")
    page.locator("[data-state=queued]").wait_for()
    assert cases_about(named, words) == 0
    page.context.set_offline(False)
    page.locator("[data-state=sent]").wait_for()
    page.locator("a[data-follow]").click()
    page.get_by_role("heading", level=1).wait_for()
    assert cases_about(named, words) == 1
    assert kept_addresses(page) == [], "no page with a code is kept by the worker"


def cases_about(server, words):
    said = server.shell(
        "from cityloop.loops.cases.models import Case\n"
        "from cityloop.town.persons.queries import words_of\n"
        f"print(sum({words!r} in words_of(c.subject).values() for c in Case.objects.all()))"
    )
    return int(said.split()[-1])


def kept_addresses(page):
    """Addresses in the worker's caches beside the two pages and the built files."""
    found = page.evaluate(
        "async () => { const all = []; for (const name of await caches.keys()) for (const one of"
        " await (await caches.open(name)).keys()) all.push(new URL(one.url).pathname); return all }"
    )
    return [path for path in found if path not in ("/", "/report") and not path.startswith("/static/build/assets/")]


def written(page, words):
    """Write a report to its last step, and give its address of sending."""
    page.goto("/report")
    page.get_by_role("button", name="Here, where I am").click()
    page.locator("#words").fill(words)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Ready to send").wait_for()


def test_what_waits_for_the_network_is_no_draft_again(phone, named):
    page = phone(10.071, 50.013)
    written(page, "A bin on its side")
    page.context.set_offline(True)
    page.get_by_role("button", name="Send the report").click()
    page.get_by_text("Kept on this phone. It is sent when the network is back.").wait_for()
    page.go_back()
    page.locator("[data-state=queued]").wait_for()
    page.wait_for_timeout(600)
    assert page.get_by_role("link", name="Continue").count() and page.get_by_role("button", name="Throw away").count()
    page.context.set_offline(False)
    page.locator("[data-state=sent]").wait_for()
    assert cases_about(named, "A bin on its side") == 1


@pytest.mark.parametrize(("status", "said"), [(413, "photos are too large"), (429, "very often"), (403, "not be sent")])
def test_a_report_that_could_not_be_sent_says_so(phone, status, said):
    page = phone(10.081, 50.013)
    written(page, "A hole")
    page.route("**/report", lambda route: route.fulfill(status=status, body="no"))
    page.get_by_role("button", name="Send the report").click()
    page.locator("section.send .error").filter(has_text=said).wait_for()
    assert page.locator("[aria-busy=true]").count() == 0
    page.unroute("**/report")
    page.get_by_role("button", name="Send the report").click()
    page.locator("[data-code]").wait_for()


def test_a_fault_of_the_server_keeps_the_report_waiting(phone, named):
    page = phone(10.091, 50.013, service_workers="block")
    written(page, "A fence in the way")
    page.route("**/report", lambda route: route.fulfill(status=502, body="no"))
    page.get_by_role("button", name="Send the report").click()
    page.locator("[data-state=queued]").wait_for()
    page.unroute("**/report")
    page.goto("/")
    page.locator("[data-state=sent]").wait_for()
    assert cases_about(named, "A fence in the way") == 1


@pytest.mark.parametrize("without", ["indexedDB", "BroadcastChannel"])
def test_a_device_that_keeps_nothing_sends_or_says_so(phone, without):
    page = phone(10.101, 50.013)
    page.add_init_script(f"Object.defineProperty(globalThis, '{without}', {{ value: undefined, configurable: true }})")
    page.add_init_script(f"delete globalThis.{without}")
    written(page, "A loose stone")
    page.context.set_offline(True)
    page.get_by_role("button", name="Send the report").click()
    if without == "indexedDB":
        page.locator("section.send .error").filter(has_text="could not be sent").wait_for()
        page.context.set_offline(False)
        page.get_by_role("button", name="Send the report").click()
        page.locator("[data-code]").wait_for()
    else:
        page.get_by_role("heading", name="Kept on this phone").wait_for()


def test_what_will_never_be_taken_is_told_and_not_sent_again(phone):
    page = phone(10.111, 50.013, service_workers="block")
    posts: list[str] = []
    written(page, "A tall tale")
    page.context.set_offline(True)
    page.get_by_role("button", name="Send the report").click()
    page.locator("[data-state=queued]").wait_for()
    page.route("**/report", lambda route: (posts.append(route.request.method), route.fulfill(status=413, body="no")))
    page.context.set_offline(False)
    page.get_by_text("could not be taken").wait_for()
    assert page.get_by_text("The photos are too large").is_visible()
    page.goto("/")
    page.get_by_text("could not be taken").wait_for()
    page.wait_for_timeout(500)
    assert posts.count("POST") == 1
    page.get_by_role("button", name="Throw away").click()
    page.get_by_text("could not be taken").wait_for(state="detached")


def test_who_follows_instead_has_no_unfinished_report(phone):
    page = phone(10.121, 50.013)
    for words in ("The lamp blinks", "The lamp blinks still"):
        page.goto("/report")
        page.get_by_role("button", name="Here, where I am").click()
        page.locator("#words").fill(words)
        page.locator(".offered button").first.click()
        if words.endswith("still"):
            page.wait_for_timeout(600)
            page.locator("button[name=instead]").first.click()
        else:
            page.get_by_role("button", name="Send the report").click()
            page.locator("[data-code]").wait_for()
    page.get_by_text("You follow it now").wait_for()
    page.wait_for_timeout(1500)  # the page's script takes the draft away
    page.goto("/")
    page.wait_for_timeout(500)
    assert page.get_by_text("You have an unfinished report from").count() == 0


def test_an_unfinished_report_is_offered_again(phone):
    page = phone(10.041, 50.013)
    page.goto("/report")
    page.get_by_role("button", name="Here, where I am").click()
    page.locator("#words").fill("A bench without its back")
    page.get_by_role("button", name="Keep for later").click()
    page.get_by_text("You have an unfinished report from").wait_for()
    page.get_by_role("link", name="Continue").click()
    page.get_by_role("heading", name="What needs fixing?").wait_for()
    assert page.locator("#words").input_value() == "A bench without its back"
    page.goto("/")
    page.get_by_role("button", name="Throw away").click()
    page.get_by_text("You have an unfinished report from").wait_for(state="detached")


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_step_is_sound(phone, named, axe, language, script):
    page = phone(10.051, 50.013, maps=True, java_script_enabled=script)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": named.url}])
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    place = "lon=10.155&lat=50.081"
    for at, path in (("where", "/report"), ("what", f"/report?{place}"), ("send", f"/report?{place}")):
        page.goto(path)
        if at == "send":
            page.locator(".offered button").first.click()
        page.locator(f"section.{at}").wait_for()
        if script:
            page.wait_for_timeout(1200)
            assert axe(page) == [], at
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") if script else True
    assert faults == []


def test_the_form_is_light(phone):
    """Everything of /report but the map and its data: under 150 kB; under 60 without the icons of the desk."""
    page = phone(maps=True)
    sizes: dict[str, int] = {}
    page.on("requestfinished", lambda request: sizes.update({request.url: request.sizes()["responseBodySize"]}))
    page.goto("/report")
    page.locator(".map[data-ready]").wait_for()
    beside = {url: size for url, size in sizes.items() if not re.search(r"/map|maplibre|/tiles/", url)}
    assert sum(beside.values()) < 60_000, json.dumps(beside, indent=1)


def test_the_portal_can_be_installed(phone, named):
    page = phone()
    page.goto("/")
    told = page.request.get("/manifest.webmanifest").json()
    assert told["start_url"] == "/" and {"192x192", "512x512"} <= {icon["sizes"] for icon in told["icons"]}
    for icon in told["icons"]:
        assert page.request.get(icon["src"]).status == 200
    worker = page.request.get("/sw.js")
    assert worker.headers["cache-control"] == "no-cache" and "javascript" in worker.headers["content-type"]
