"""A report as resident and city live it: a duplicate offered, a question, a dispute, rework, checked, closed, rated."""

import re

import pytest

from tests.browser.conftest import plain
from tests.browser.test_after import sealed
from tests.browser.test_journey import photo
from tests.conftest import PROVE

pytestmark = pytest.mark.once
SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1440, "height": 900}}
EVERY = [(size, language) for size in SIZES for language in ("en", "zh-hans")]
POSTS = ("intake", "shift", "dispatcher", "roads", "inspector")
SEND = {"en": "Send the report", "zh-hans": "提交反映"}
REDISPATCH = """
from tests.journeys.town import again
town = again()
made = [town.collect(matter="hole", lon=10.1301 + n / 1000, lat=50.061) for n in range(3)]
for one in made:
    town.take(one.case, "file", "shift")
    town.take(one.case, "dispatch", "dispatcher")
    town.take(one.case, "bounce", "roads", words="It is a path of the parks")
print(*(one.number for one in made))
"""
COUNT = """
from cityloop.loops.cases import numbers
from cityloop.town.ledger.models import Step
again = Step.objects.filter(what="re_dispatch")
print(*(again.filter(subject=f"case:{{numbers.case_id(n)}}").count() for n in {numbers}))
"""


def hand(browser, server, size, language):
    """Give a resident's page at a size and in a language."""
    context = plain(browser.new_context(base_url=server.url, viewport=SIZES[size]))
    context.add_cookies([{"name": "django_language", "value": language, "url": server.url}])
    context.set_default_timeout(30_000)
    return context.new_page()


def describe(page, words, place):
    """Say what is wrong at a place, as far as the step of sending."""
    page.goto(f"/report?lon={place[0]}&lat={place[1]}")
    page.locator("#words").fill(words)
    page.locator(".offered").get_by_role("button", name="Pothole").click()
    page.locator("section.send").wait_for()


def take(page, path, action, **fill):
    """Take an action by its form, in whatever language, opening the form where it is folded."""
    page.goto(path)
    form = page.locator(f"form[data-offer={action}]").first
    if not form.locator("button").last.is_visible():
        page.locator(f"details:has(form[data-offer={action}]) > summary").first.click()
    for name, value in fill.items():
        field = form.locator(f"[name={name}]").first
        field.set_input_files(value) if name == "photos" else field.fill(value)
    with page.expect_navigation():
        form.locator("button").last.click()
    assert page.locator("#refused, .note.is-over[role=alert]").count() == 0
    if path.startswith("/desk"):
        page.goto("about:blank")  # whoever stays is told of all that follows, and asks for it


@pytest.mark.parametrize(("size", "language"), EVERY if PROVE else [("phone", "zh-hans")])
def test_from_report_to_rated(browser, at_desk, town_server, size, language):
    place = (10.1111 + EVERY.index((size, language)) / 100, 50.0321)
    one, two = (hand(browser, town_server, size, language) for _ in range(2))
    describe(one, "A deep hole in the road", place)
    one.get_by_role("button", name=SEND[language]).click()
    number, code = (one.locator(f"[data-{what}]").inner_text() for what in ("number", "code"))

    describe(two, "Deep hole in the road, here", place)
    two.locator("section.send button[name=instead]").first.click()
    assert two.locator("[data-number]").inner_text() == number, "the second reporter follows instead"

    mine, case = f"/follow/{code}", f"/desk/cases/{number}"
    who = {
        name: at_desk(name, viewport=SIZES[size]) for name in ("intake", "shift", "dispatcher", "roads", "inspector")
    }
    for page in who.values():
        page.context.add_cookies([{"name": "django_language", "value": language, "url": town_server.url}])
        page.goto("about:blank")
    take(who["intake"], case, "ask_reporter", question="On which side of the road?")
    one.goto(mine)
    assert "On which side of the road?" in one.locator("main").inner_text()
    take(one, mine, "answer", words="On the north side")
    take(who["shift"], case, "file")
    take(who["dispatcher"], case, "dispatch")
    take(who["roads"], case, "accept")
    take(who["roads"], case, "report_back", words="Filled", photos=photo("gray"))
    take(who["dispatcher"], case, "submit")
    take(one, mine, "dispute", words="It is still there")
    who["inspector"].goto(case)
    assert "It is still there" in who["inspector"].locator("main").inner_text()
    take(who["inspector"], case, "fail", words="Half of it is filled", photos=photo("red"))
    take(who["roads"], case, "report_back", words="Filled to the edge", photos=photo("black"))
    take(who["dispatcher"], case, "submit")
    take(who["inspector"], case, "pass", words="It is even now", photos=photo("white"))
    take(who["shift"], case, "close")

    take(one, mine, "rate")
    assert one.locator("html").get_attribute("lang").lower() in (language, "zh-hans", "en")
    sealed(town_server, number)
    one.goto(mine)
    one.locator("[data-island=check] button").click()
    one.locator("[data-island=check][data-held=true]").wait_for()
    for page in (one, two):
        page.context.close()


@pytest.mark.parametrize(("size", "language"), EVERY if PROVE else [("desk", "en")])
def test_many_are_dispatched_anew_after_a_preview(at_desk, town_server, size, language):
    numbers = town_server.shell(REDISPATCH).split()
    page = at_desk("dispatcher", viewport=SIZES[size])
    page.context.add_cookies([{"name": "django_language", "value": language, "url": town_server.url}])
    page.goto("/desk/many?" + "&".join(f"case={number}" for number in numbers))
    page.locator("button[value^=re_dispatch], a[href*='offer=re_dispatch']").first.click()
    form = page.locator(".many-form")
    form.wait_for()
    assert all(number in page.locator("main").inner_text() for number in numbers)
    for name in ("lead", "reason"):
        field = form.locator(f"select[name={name}]")
        if field.count() and field.is_visible():
            field.select_option(index=1)
    for field in form.locator("textarea").all():
        field.fill("The roads are full")
    form.locator("button.btn-primary").click()
    page.wait_for_url("**/many/act")
    said = page.locator("main").inner_text()
    assert re.search(r"\b3\b", said) and all(number in said for number in numbers)
    assert town_server.shell(COUNT.format(numbers=numbers)).split() == ["1", "1", "1"]
