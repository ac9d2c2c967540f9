"""Pictures from above in a browser: a case before and after under one line, and two of a map by their days."""

import io
import json
import re
import time

import pytest
from PIL import Image

from tests.browser.test_pages import LOOKS, SIDEWAYS, SIZES, prepare
from tests.browser.test_plates import ENGINEER

PICTURES = """
import json
from datetime import date
from cityloop.loops.cases import numbers
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.clock import city_clock
from tests.journeys.town import again
from tests.town.imagery.above import picture
now = city_clock.now()
day = date.fromtimestamp(now / 1_000_000)
picture("red", day.replace(year=day.year - 2), (200, 30, 30), public=True)
picture("green", day.replace(year=day.year - 1), (30, 160, 40), public=True)
case = again().collect(matter="hole", lon=10.173, lat=50.073).case
Case.objects.filter(pk=case).update(created=now - 550 * 86_400_000_000)  # its limits run from today
print(json.dumps(numbers.number(Case.objects.get(pk=case))))
"""


@pytest.fixture(scope="module")
def above(town_server):
    """Two pictures of the running town, from before and after one of its cases; the number of that case."""
    number = json.loads(town_server.shell(PICTURES).splitlines()[-1])
    time.sleep(2)  # each process of the server asks once a second whether the pictures have changed
    return number


def ready(page):
    """Wait until the map of pictures is drawn, both sides of it."""
    shown = page.locator(".map.two-sides[data-ready=yes]")
    shown.wait_for(timeout=30_000)
    page.wait_for_timeout(2_500)
    return shown


def colours(shown) -> tuple[str, str]:
    """Say what colour the map has near its left and its right edge."""
    drawn = Image.open(io.BytesIO(shown.screenshot())).convert("RGB")
    wide, high = drawn.size
    seen = (drawn.getpixel((wide * part // 100, high // 3)) for part in (12, 70))
    return tuple("red" if red > green else "green" for red, green, _blue in seen)


def test_the_line_of_a_case_is_drawn_and_moved_by_keys(at_desk, axe, above):
    page = at_desk("dispatcher", f"/desk/cases/{above}", maps=True)
    page.locator(".map.above").scroll_into_view_if_needed()
    shown = ready(page)
    assert colours(shown) == ("red", "green")
    slider = page.get_by_role("slider", name=re.compile("earlier picture"))
    slider.focus()
    slider.press("Home")
    assert shown.evaluate("e => e.style.getPropertyValue('--cut')") == "0%" and colours(shown) == ("green", "green")
    slider.press("End")
    assert colours(shown) == ("red", "red")
    slider.press("ArrowLeft")
    assert slider.input_value() == "99"
    grip, box = shown.locator(".grip"), shown.bounding_box()
    at = grip.bounding_box()
    page.mouse.move(at["x"] + 12, at["y"] + 22)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.3, at["y"] + 22, steps=4)
    page.mouse.up()
    assert slider.input_value() == "30" and colours(shown) == ("red", "green")
    assert axe(page) == []


def test_a_map_compares_two_days_and_keeps_them_in_its_address(at_desk, axe, above):
    page = at_desk("dispatcher", "/desk/map", maps=True, viewport={"width": 390, "height": 844})
    page.locator(".map[data-ready=yes]").first.wait_for(timeout=30_000)
    page.locator(".above-choice summary").click()
    page.get_by_label("Picture from above").select_option("green")
    page.get_by_label("Compare with").select_option("red")
    assert page.url.endswith("?imagery=green&with=red")
    page.keyboard.press("Escape")
    ready(page)
    assert [page.locator(".divide .when").nth(n).inner_text()[-4:] for n in (0, 1)] == sorted(
        page.locator(".divide .when").nth(n).inner_text()[-4:] for n in (0, 1)
    )
    assert axe(page) == [] and page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.reload()
    ready(page)
    page.locator(".above-choice summary").click()
    page.get_by_label("Picture from above").select_option("")
    assert page.get_by_label("Compare with").is_disabled() and "imagery" not in page.url
    assert page.locator(".divide").count() == 0


def test_without_a_script_the_two_stand_side_by_side(at_desk, above):
    page = at_desk("dispatcher", f"/desk/cases/{above}", java_script_enabled=False)
    for side in page.locator(".stills img").all():
        side.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        assert side.evaluate("e => e.naturalWidth") == 256


@pytest.mark.parametrize(("size", "language", "theme"), LOOKS)
def test_the_pages_are_sound(at_desk, town_server, axe, above, size, language, theme):
    town_server.shell(ENGINEER)
    page = at_desk("plates-engineer", "/desk/settings/imagery", maps=True)
    prepare(page, town_server, language, theme)
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    for path in ("/desk/settings/imagery", "/desk/settings/imagery/red", "/map?imagery=green&with=red"):
        page.goto(path)
        page.locator("h1").wait_for()
        if path != "/desk/settings/imagery":
            page.locator(".map[data-ready=yes]").wait_for(timeout=30_000)
        assert axe(page) == [] and page.evaluate(SIDEWAYS) == 0, path
