"""The map island in a real browser, on GeoJSON given by the test: it draws, links, and lets a place be chosen."""

import json

import pytest

pytestmark = pytest.mark.once


def square(lon, lat, size=0.01):
    return [[[lon, lat], [lon + size, lat], [lon + size, lat + size], [lon, lat + size], [lon, lat]]]


UNITS = {"type": "FeatureCollection", "features": [
    {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": square(-74.0 + i * 0.01, 40.7)},
     "properties": {"name": f"Unit {i}", "label": str(i), "at": [-73.995 + i * 0.01, 40.705], "value": i * 10,
                    "href": f"/?unit={i}"}} for i in range(5)
]}  # fmt: skip
MARKS = {"type": "FeatureCollection", "features": [
    {"type": "Feature", "geometry": {"type": "Point", "coordinates": [-73.995 + i * 0.01, 40.705]},
     "properties": {"id": str(i), "status": status, "name": f"Case {i}", "href": f"/?case={i}"}}
    for i, status in enumerate(["ontime", "due", "over", "ver", "alarm"])
]}  # fmt: skip

INPUTS = '<input name="at_lon"><input name="at_lat">'


@pytest.fixture
def map_page(page):
    """A page of ours with a map put into it, and its data served by the test."""
    for name, data in (("units", UNITS), ("marks", MARKS)):
        page.route(f"**/{name}.geojson", lambda route, _request, data=data: route.fulfill(body=json.dumps(data)))

    def open_map(attributes: str):
        html = f'{INPUTS}<div class="map" aria-label="Map" data-island="map" {attributes}></div>'
        page.route("**/map-test", lambda route: with_map(route, html))
        page.goto("/map-test")
        page.locator(".map[data-ready]").wait_for(timeout=30_000)
        assert page.locator(".map").get_attribute("data-ready") == "yes"
        return page

    return open_map


def with_map(route, html):
    """Take the real first page, with its real policy, and put the map into its content."""
    answer = route.fetch(url=route.request.url.replace("/map-test", "/"))
    body = answer.text().replace('<div class="two">', html + '<div class="two">')
    route.fulfill(response=answer, body=body)


DATA = 'data-units-url="/units.geojson" data-marks-url="/marks.geojson"'


def test_draws_units_and_marks(map_page):
    page = map_page(DATA)
    assert page.locator(".mark").count() == 5
    assert page.locator("a.mark.is-over").get_attribute("aria-label") == "Case 2"
    canvas = page.locator(".map canvas").bounding_box()
    picture = page.screenshot(clip=canvas)
    assert len(picture) > 6_000, "the map is one grey area"


def test_asks_no_server_outside(page, map_page, city_server):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    map_page(DATA)
    assert [u for u in asked if not u.startswith((city_server.url, "blob:", "data:"))] == []


def test_place_by_click_and_by_keys(map_page):
    page = map_page(DATA + ' data-pick="at_lon,at_lat" data-word-pin="The place"')
    box = page.locator(".map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2 + 60, box["y"] + box["height"] / 2 + 60)
    lon = float(page.locator("[name=at_lon]").input_value())
    assert -74.1 < lon < -73.9
    page.get_by_role("button", name="The place").focus()
    page.keyboard.press("ArrowRight")
    assert float(page.locator("[name=at_lon]").input_value()) > lon
