"""Pages that change in place: what somebody chose, stands at or asked for is theirs, and the last click counts."""

import re

import pytest

from tests.browser.test_keyboard import filed, on_page

pytestmark = pytest.mark.once
ACT = """
from cityloop.loops.cases.openly import by_number
from tests.journeys.town import again
from tests.loops.cases.smallville import MINUTE
town = again()
town.at += 10 * MINUTE
for action, who, data in {steps}:
    town.take(by_number("{number}").pk, action, who, after=0, **data)
"""
INBOX = "/desk/?what=filed&unit=100101"
# What the page does every half minute, done at once; told when it is done.
RENEW = """() => new Promise((done) => {
  document.addEventListener("cityloop:put", done, { once: true })
  document.dispatchEvent(new Event("visibilitychange"))
})"""
# One address answers late, or is cut off on the way.
LATE = """(link, cut) => {
  const href = link.href
  const given = window.fetch
  const broken = () => new Response(new ReadableStream({ start: (at) => setTimeout(() => at.error("cut"), 600) }))
  window.fetch = async (to, how) => {
    if (to !== href) return given(to, how)
    if (cut) return broken()
    await new Promise((done) => setTimeout(done, 1500))
    return given(to, how)
  }
}"""
# Something else of the page has an input of the same name.
NAMESAKE = "at => at.before(Object.assign(document.createElement('input'), { name: 'place_lon', hidden: true }))"


def act(town_server, number, *steps):
    town_server.shell(ACT.format(number=number, steps=[(action, who, data) for action, who, data in steps]))


def first_row(page):
    row = page.locator("[data-rows] [data-row]").first
    return row, row.get_attribute("data-row")


@pytest.mark.parametrize("on", [True, False])
def test_what_was_chosen_stays_and_so_does_the_way_on_to_the_next(at_desk, town_server, on):
    filed(town_server, 2)
    page = at_desk("dispatcher", INBOX)
    row, number = first_row(page)
    row.locator(".matter a").click()
    on_page(page, number)
    box, lead = page.locator("[data-then-next] input"), page.locator("form[data-offer=dispatch] [name=lead]")
    box.set_checked(on)
    page.locator("h1").first.click()
    page.evaluate("window.form = document.querySelector('form[data-offer=dispatch]')")
    page.evaluate(RENEW)
    assert page.evaluate("window.form.isConnected"), "nothing changed: the form is the one that stood there"
    other = lead.locator("option:not(:checked):not([value=''])").first.get_attribute("value")
    lead.select_option(other)
    page.locator("h1").first.click()
    act(town_server, number, ("note", "shift", {"words": f"Seen, {on}"}))  # the form of the server is another one now
    page.evaluate(RENEW)
    page.locator("[data-live=timeline] blockquote", has_text=f"Seen, {on}").wait_for()
    assert (lead.input_value(), box.is_visible(), box.is_checked()) == (other, True, on)
    act(town_server, number, ("dispatch", "dispatcher", {}))  # it has parts now, and nobody is in it
    lead.evaluate("at => { at.value = [...at.options].find((one) => one.defaultSelected).value }")
    page.evaluate(RENEW)
    page.locator("[data-live=parts]").wait_for()
    assert (box.is_visible(), box.is_checked(), lead.count()) == (True, on, 0)


def test_a_part_that_is_new_comes_in_beside_somebody_who_writes(at_desk, town_server):
    (number,) = filed(town_server, 1)
    page = at_desk("inspector", f"/desk/cases/{number}")
    page.locator("details:has(form[data-offer=note]) > summary").click()
    words = page.locator("form[data-offer=note] textarea")
    words.fill("half a sentence")
    act(town_server, number, ("dispatch", "dispatcher", {}))
    page.evaluate(RENEW)
    page.locator("[data-live=head] .chip", has_text="Dispatched").wait_for()
    assert page.locator("[data-live=track] + [data-live=parts]").is_visible()
    assert words.input_value() == "half a sentence"
    assert re.search(r"\d:\d\d", page.locator(".fresh").inner_text()), "also where it came in with its part"


def test_a_page_that_could_not_be_renewed_whole_is_not_said_to_be_fresh(at_desk, town_server):
    page = at_desk("dispatcher", "/desk/?what=filed&unit=100102")
    page.locator(".fresh.is-live").wait_for()
    page.locator(".empty").wait_for()
    page.locator(".filters a").first.focus()
    town_server.shell(
        "from tests.journeys.town import again; town = again(); "
        "town.take(town.collect(matter='hole', lon=10.15, lat=50.08).case, 'file', 'shift')"
    )
    page.evaluate(RENEW)  # what was on its way has come
    page.evaluate("document.querySelector('[data-fresh]').dataset.fresh = 'long ago'")
    page.evaluate(RENEW)
    assert page.locator(".fresh").get_attribute("data-fresh") == "long ago"
    assert page.locator(".empty").is_visible(), "an empty list that says so, not one with nothing in it"
    page.evaluate("document.activeElement.blur()")
    page.evaluate(RENEW)
    page.locator("[data-rows] [data-row]").wait_for()
    assert "long ago" not in page.locator(".fresh").inner_text()
    assert re.search(r"\d:\d\d", page.locator(".fresh").inner_text())


def test_rows_go_and_move_round_the_one_that_has_the_focus(at_desk, town_server):
    filed(town_server, 3)
    page = at_desk("dispatcher", INBOX)
    _row, number = first_row(page)
    rows = page.locator("[data-rows] [data-row]")
    listed = [row.get_attribute("data-row") for row in rows.all()]
    rows.nth(1).locator("a").first.focus()
    page.evaluate("row = document.querySelector('[data-rows] [data-row]:last-child'), row.parentElement.prepend(row)")
    act(town_server, number, ("dispatch", "dispatcher", {}))
    page.evaluate(RENEW)
    page.locator(f"[data-rows] [data-row='{number}']").wait_for(state="detached")
    assert [row.get_attribute("data-row") for row in rows.all()] == listed[1:]
    assert page.evaluate("document.activeElement.closest('[data-row]')?.dataset.row") == listed[1]


def test_a_position_is_noted_in_the_form_it_was_asked_for_also_after_a_renewal(at_desk, town_server):
    (number,) = filed(town_server, 1)
    act(town_server, number, ("dispatch", "dispatcher", {}), ("accept", "roads", {}))
    where = {"longitude": 10.01, "latitude": 50.01}
    page = at_desk("roads", f"/desk/cases/{number}", permissions=["geolocation"], geolocation=where)
    form = page.locator("form[data-offer=report_back]")
    form.evaluate(NAMESAKE)
    page.evaluate(RENEW)  # what the page did not come with is gone: the actions were put in anew
    button = form.get_by_role("button", name="Note my position")
    assert page.locator("[name=place_lon]").count() == 1
    page.locator("header").first.evaluate(NAMESAKE)
    button.click()
    form.get_by_text("Your position is noted.").wait_for()
    assert form.locator("[name=place_lon]").input_value() == "10.010000"
    page.locator("h1").first.click()
    page.evaluate(RENEW)
    assert form.locator("[name=place_lon]").input_value() == "10.010000"


def test_of_two_lists_the_one_clicked_last_counts(at_desk, town_server):
    filed(town_server, 1)
    page = at_desk("dispatcher", "/desk/cases/?unit=100101")
    tabs = page.locator(".list .tabs li > a")
    tabs.first.evaluate(LATE, False)
    tabs.first.click()
    tabs.nth(1).click()
    second = page.locator(".tabs li:nth-child(2) > [aria-current]")
    second.wait_for()
    address = page.url
    page.wait_for_timeout(2000)
    assert (page.url, second.count()) == (address, 1)


def test_a_list_cut_off_on_the_way_is_opened_as_a_page(at_desk, town_server):
    filed(town_server, 1)
    page = at_desk("dispatcher", "/desk/cases/")
    tab = page.locator(".list .tabs li > a").nth(1)
    tab.evaluate(LATE, True)
    href = tab.evaluate("link => link.href")
    tab.click()
    page.wait_for_url(lambda url: url == href)
    page.locator("[data-rows] [data-row], .empty").first.wait_for()


def test_a_link_within_a_list_fetches_nothing(at_desk, town_server):
    page = at_desk("dispatcher", "/desk/cases/")
    page.evaluate("window.list = document.querySelector('.list'), location.hash = 'main', history.back()")
    page.wait_for_timeout(1000)
    assert page.evaluate("window.list.isConnected")


def test_a_row_and_its_mark_light_up_together_under_the_pointer(at_desk, town_server):
    """List and map side by side: whichever of the two is pointed at, or stood at by keys, shows the other."""
    numbers = filed(town_server, 3)
    page = at_desk("dispatcher", INBOX, maps=True, viewport={"width": 1440, "height": 900})
    page.locator(".map[data-ready=yes]").wait_for()
    page.locator("[data-mark]").first.wait_for()
    # Cases at one place share a mark; the ones of this test lie apart.
    row = page.locator(f"[data-row='{numbers[2]}']")
    mark = page.locator(f"[data-mark~='{numbers[2]}']")
    assert not page.locator(".hot").count()
    row.hover()
    page.locator(f".hot[data-mark~='{numbers[2]}']").wait_for()
    assert page.locator("[data-mark].hot").count() == 1
    page.locator("h1").hover()
    page.wait_for_function("!document.querySelector('.hot')")
    mark.hover()
    page.locator(f"[data-row='{numbers[2]}'].hot").wait_for()
    page.locator("h1").hover()
    page.wait_for_function("!document.querySelector('.hot')")
    row.locator(".matter a").focus()
    page.locator(f".hot[data-mark~='{numbers[2]}']").wait_for()
