"""Components in a browser: the layer on the map, choosing one where a place is chosen, and its pages for everybody."""

import json
import re

import pytest

FURNISH = """
import json
from tests.town.components.things import LAMP, put
from tests.loops.cases.smallville import PLATE
from tests.town.staff import BY
from cityloop.town.catalog.actions import publish
from cityloop.town.calendar.clock import city_clock
from cityloop.town.components.models import Component
publish(plates=[PLATE.model_copy(update={"components": (LAMP,)})], by=BY, at=city_clock.now())
lamp = Component.objects.first() or put(name="Gate 7", attributes={"height": 7})
print(json.dumps([lamp.code, lamp.lon, lamp.lat]))
"""


@pytest.fixture(scope="module")
def lamp(town_server):
    """One lamp in the running town: its code and place."""
    return json.loads(town_server.shell(FURNISH))


def ready(page) -> None:
    page.locator(".map[data-ready=yes]").first.wait_for(timeout=30_000)


def test_the_layer_is_switched_on_and_stays_in_the_address(at_desk, lamp):
    page = at_desk("dispatcher", "/desk/map", maps=True)
    ready(page)
    choice = page.locator("#things")
    with page.expect_response(re.compile(r"/tiles/components/\d+/\d+/\d+\.pbf\?type=lamp")) as answer:
        choice.select_option("lamp")
    assert answer.value.status == 200
    assert "things=lamp" in page.url
    choice.select_option("")
    assert "things" not in page.url


def test_a_component_is_chosen_on_the_map_of_a_report(page, town_server, lamp):
    code, lon, lat = lamp
    page.set_viewport_size({"width": 390, "height": 844})
    aside = 0.0003  # degrees: the pin would cover it
    page.goto(f"{town_server.url}/report?lon={lon - aside}&lat={lat}&do=where")
    ready(page)
    with page.expect_response(re.compile(r"/tiles/components/18/")):
        for _ in range(2):  # from zoom 16 to 18
            page.get_by_role("button", name="Closer").click()
            page.wait_for_timeout(900)
    page.wait_for_timeout(1_500)  # until it is drawn
    canvas = page.locator(".map canvas").first
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] / 2 + aside * 512 * 2**18 / 360, "y": box["height"] / 2})
    assert page.locator("[name=component]").input_value() == code
    page.locator("[data-part=where] b", has_text="Street lamp").first.wait_for()


@pytest.mark.parametrize("path", ["/components/{}", "/components/{}/label", "/report?component={}"])
def test_pages_have_no_faults_of_accessibility(page, town_server, axe, lamp, path):
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(town_server.url + path.format(lamp[0]))
        if path == "/components/{}":
            ready(page)
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_desk_says_how_it_is(at_desk, axe, lamp):
    page = at_desk("inspector", f"/desk/components/{lamp[0]}", maps=True)
    ready(page)
    assert axe(page) == []
    page.get_by_role("button", name="Damaged").click()
    page.get_by_text("Intact → Damaged").wait_for()
    page.get_by_role("button", name="Intact").click()
    page.get_by_text("Damaged → Intact").wait_for()


def test_the_register_and_its_labels(at_desk, axe, lamp):
    page = at_desk("inspector", "/desk/components", maps=True)
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 844})
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="Labels").click()
    page.get_by_role("heading", name="Labels").wait_for()
    assert axe(page) == []
    page.emulate_media(media="print")
    label = page.locator(".labels li", has_text=lamp[0])
    box = label.bounding_box()
    assert label.is_visible() and box["height"] > 80
    assert not page.get_by_role("navigation", name="Main").is_visible(), "paper has no menu"
