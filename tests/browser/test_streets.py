"""The map with a base map beneath: streets and water are drawn, cases stand on them, the slider goes back in time."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

pytestmark = pytest.mark.once

# Smallville lies from 10.0 to 10.2 east, 50.0 to 50.1 north: a lake, two streets, and a case beside them.
STREETS = """
import json, tempfile
from pathlib import Path
from django.conf import settings
from cityloop.town.basemap.actions import Source, build
from tests.journeys.town import again
def lines(*features): return json.dumps({"type": "FeatureCollection", "features": list(features)})
def road(name, *points): return {"type": "Feature", "properties": {"name": name, "class": "primary"},
    "geometry": {"type": "LineString", "coordinates": points}}
ring = [[10.02, 50.02], [10.05, 50.02], [10.05, 50.045], [10.02, 50.045], [10.02, 50.02]]
lake = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
with tempfile.TemporaryDirectory() as folder:
    water, streets = Path(folder) / "water.geojson", Path(folder) / "streets.geojson"
    water.write_text(lines(lake))
    long, short = road("Long Road", [10.0, 50.05], [10.2, 50.05]), road("Lake Street", [10.06, 50.0], [10.06, 50.1])
    streets.write_text(lines(long, short))
    build([Source("water", water), Source("road", streets)], settings.MAP_FILE, "© Smallville")
town = again()
for n in range(4):
    town.to("dispatched", lon=10.055 + n / 500, lat=50.048)
"""
WATER, ONTIME = (203, 223, 232), (6, 141, 178)


@pytest.fixture(scope="module")
def streets(town_server):
    town_server.shell(STREETS)
    return town_server


def pixels(page, colour):
    """Count the pixels of the map that have a colour, give or take what blending does."""
    picture = Image.open(BytesIO(page.locator(".map").screenshot())).convert("RGB")
    return int((np.abs(np.asarray(picture, int) - colour) < 4).all(axis=2).sum())


def test_desk_map_draws_streets_and_cases(at_desk, streets):
    page = at_desk("dispatcher", "/desk/map", maps=True, viewport={"width": 1440, "height": 900}, color_scheme="light")
    page.locator(".map[data-ready=yes]").wait_for()
    page.wait_for_timeout(2500)
    assert pixels(page, WATER) > 1500, "no water"
    assert page.locator(".map .credit").inner_text() == "© Smallville"
    assert page.locator(".map .legend b").first.inner_text() == "Open cases"
    assert pixels(page, ONTIME) > 30, "no cases"


def test_the_slider_goes_back_and_returns(at_desk, streets):
    page = at_desk("dispatcher", "/desk/map?at=0", maps=True)
    total = page.locator("[data-total-open]")
    then = total.inner_text()  # what other tests left open before this day began
    page.goto("/desk/map")
    page.locator(".map[data-ready=yes]").wait_for()
    now = total.inner_text()
    assert int(now) >= int(then) + 4
    slider = page.locator("form[data-map-time] input[type=range]")
    slider.focus()
    with page.expect_response(lambda answer: "numbers" in answer.url and "at=0" in answer.url):
        page.keyboard.press("Home")
    expect(total).to_have_text(then)
    assert page.locator("form[data-map-time] output").inner_text() == "00:00"
    assert "at=0" in page.url
    page.get_by_role("link", name="Now").click()
    expect(total).to_have_text(now)
    assert "at=" not in page.url


def test_the_slider_works_without_script(streets, at_desk):
    def total(path: str) -> int:
        plain = at_desk("dispatcher", path, java_script_enabled=False)
        assert plain.get_by_role("button", name="Show").is_visible()
        return int(plain.locator("[data-total-open]").inner_text())

    assert total("/desk/map?at=0") <= total("/desk/map") - 4


@pytest.mark.parametrize("path", ["/map", "/report"])
def test_public_maps_have_streets_and_ask_nobody_else(page, streets, path):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.emulate_media(color_scheme="light")
    page.goto(path)
    page.locator(".map[data-ready=yes]").wait_for()
    page.wait_for_timeout(2000)
    assert pixels(page, WATER) > 500
    assert any("/tiles/base/" in url for url in asked) and not any("/tiles/cases/" in url for url in asked)
    assert [u for u in asked if not u.startswith((streets.url, "blob:", "data:"))] == []


def test_without_a_drawing_surface_the_list_remains(browser, streets):
    """Where a browser cannot draw, the page says so, and the list beside says everything."""
    context = browser.new_context(base_url=streets.url)
    context.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page = context.new_page()
    page.goto("/map")
    page.locator(".map[data-ready=failed]").wait_for()
    assert "cannot be shown" in page.locator(".map .says").inner_text()
    assert page.locator(".counts li").count() > 0
    context.close()
