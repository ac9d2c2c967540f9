"""One request, collected to closed, in a browser: six posts of both tracks, and a receipt that needs no database."""

import json
import subprocess
import sys
from io import BytesIO

import pytest
from PIL import Image

pytestmark = pytest.mark.once
PLACES = (10.003 + n * 0.004 for n in range(40))  # so far from each other that none is taken for another's


def photo(colour: str) -> dict[str, object]:
    made = BytesIO()
    Image.new("RGB", (640, 480), colour).save(made, "JPEG")
    return {"name": "place.jpg", "mimeType": "image/jpeg", "buffer": made.getvalue()}


@pytest.fixture
def resident(phone):
    return phone()


def report(page, *, by_tap: bool = False) -> tuple[str, str]:
    """Report a fallen tree where none is near by, or by a tap on the map, and give number and secret code."""
    if by_tap:
        tap(page)
    else:
        page.goto(f"/report?lon={next(PLACES):.3f}&lat=50.0432")
    page.locator("#photos").set_input_files(photo("green"))
    page.locator("#words").fill("A tree lies across the road <b>at the corner</b>")
    page.get_by_role("button", name="Fallen tree").click()
    if by_tap:
        differs(page)
    # Twice at once, as impatient fingers do.
    page.get_by_role("button", name="Send the report").dblclick()
    page.locator("[data-number]").wait_for()
    return page.locator("[data-number]").inner_text(), page.locator("[data-code]").inner_text()


def tap(page):
    """Choose the place on the map."""
    page.goto("/report")
    chart = page.locator(".map[data-ready=yes]")
    chart.wait_for()
    box = chart.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.42, box["y"] + box["height"] * 0.40)
    page.locator(".step.where [data-part=where] b").wait_for()
    page.get_by_role("button", name="Continue").click()


def differs(page):
    """It is none of those near by, if there are any."""
    page.wait_for_timeout(1500)  # what is near is looked for
    different = page.get_by_role("button", name="No, mine is different")
    if different.is_visible():
        different.click()


def act(page, number, action, **fill):
    """Take an action at the page of a case, opening its form where it is folded, and leave the desk.

    Whoever stayed would be told of all that follows, and ask for it: many open desks are slow.
    """
    page.goto(f"/desk/cases/{number}")
    form = page.locator(f"form[data-offer={action}]")
    if not form.locator("button").last.is_visible():
        page.locator(f"details:has(form[data-offer={action}]) > summary").click()
    for name, value in fill.items():
        field = form.locator(f"[name={name}]")
        if name == "photos":
            field.set_input_files(value)
        else:
            field.fill(value)
    form.locator("button").last.click()
    page.get_by_text(f", {number}.").wait_for()
    page.goto("about:blank")


def test_a_report_travels_to_closed_and_its_receipt_holds(phone, at_desk, town_server, tmp_path):
    charted, resident = phone(maps=True), phone()
    number, code = report(charted, by_tap=True)
    charted.close()

    intake = at_desk("intake")
    row = intake.locator(f"[data-row='{number}']")
    row.get_by_role("button", name="Claim").click()
    row.get_by_text("You", exact=True).wait_for()
    intake.goto("about:blank")

    act(at_desk("shift"), number, "file")
    dispatcher = at_desk("dispatcher")
    act(dispatcher, number, "dispatch")
    for who, words in {"parks": "Cut and carried away", "roads": "Kerb mended"}.items():
        officer = at_desk(who)
        act(officer, number, "accept")
        act(officer, number, "report_back", words=words, photos=photo("gray"))
    act(dispatcher, number, "submit")

    resident.goto(f"/follow/{code}")
    assert "Fixed. Now being checked" in resident.locator("h2").first.inner_text()
    assert resident.locator(".pictures img").count() == 1 and resident.locator(".compare img").count() == 2
    resident.locator(".pictures").scroll_into_view_if_needed()
    resident.wait_for_function(
        "[...document.querySelectorAll('.pictures img')].every(i => i.complete && i.naturalWidth)"
    )

    act(at_desk("inspector"), number, "pass", words="It is gone", photos=photo("white"))
    act(at_desk("shift"), number, "close")
    resident.reload()
    assert "Checked and closed" in resident.locator("h2").first.inner_text()
    assert resident.locator("section.state summary").get_by_text("Not fixed").is_visible(), "beside how it stands"
    resident.get_by_role("button", name="Yes").click()
    resident.get_by_text("It is in the book").wait_for()

    told = town_server.run("ledger", "receipt", number)
    assert told.returncode == 0, told.stderr
    steps = [json.loads(s["body"])["what"] for s in json.loads(told.stdout)["steps"]]
    assert steps == [
        "collect", "claim", "file", "dispatch", "accept", "report_back", "accept", "report_back", "submit", "pass",
        "close", "rate",
    ]  # fmt: skip
    receipt, key = tmp_path / "receipt.json", tmp_path / "key.json"
    receipt.write_text(told.stdout)
    key.write_text(resident.request.get("/.well-known/cityloop-ledger").text())
    assert verify(receipt, key, tmp_path).returncode == 0
    receipt.write_text(told.stdout.replace('\\"what\\":\\"pass\\"', '\\"what\\":\\"fail\\"'))
    assert verify(receipt, key, tmp_path).returncode == 1


def verify(receipt, key, tmp_path):
    """Check a receipt in a process that knows no database and no home of the city."""
    command = [sys.executable, "-m", "cityloop.doors.cli.main", "ledger", "verify"]
    env = {"PATH": "", "CITYLOOP_HOME": str(tmp_path / "nowhere"), "DATABASE_URL": "postgresql://nobody@/nothing"}
    return subprocess.run([*command, "--receipt", str(receipt), "--key", str(key)], env=env, check=False)


def test_a_page_changes_in_place_when_others_act(resident, at_desk):
    """Live: the shift leader's row goes, the dispatcher's comes, and nobody's words are touched."""
    number, _code = report(resident)
    shift, dispatcher = at_desk("shift"), at_desk("dispatcher")
    case = at_desk("inspector", f"/desk/cases/{number}")
    case.locator("details:has(form[data-offer=note]) > summary").click()
    case.locator("form[data-offer=note] textarea").fill("half a sentence")
    dispatcher.locator(".fresh.is-live").first.wait_for()
    case.locator(".fresh.is-live").first.wait_for()
    act(shift, number, "file")
    dispatcher.locator(f"[data-row='{number}']").wait_for(timeout=15_000)
    case.locator("[data-live=head] .chip", has_text="Filed").wait_for(timeout=15_000)
    assert case.locator("form[data-offer=note] textarea").input_value() == "half a sentence"
    assert case.evaluate("document.activeElement.tagName") == "TEXTAREA"


def test_without_a_script(browser, town_server):
    """Place by search, likely duplicates as a question of their own, follow instead, answer page, code by hand."""
    context = browser.new_context(base_url=town_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/report")
    page.locator("#place").fill("east south")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="East south").click()
    page.get_by_role("button", name="Continue").click()
    page.locator("#words").fill("A hole in the road")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send the report").click()
    number = page.locator("[data-number]").inner_text()
    code = page.locator("[data-code]").inner_text()
    page.goto("/follow")
    page.locator("#code").fill(code.lower())
    page.get_by_role("button", name="Follow it").click()
    assert number in page.locator("main").inner_text()
    for again, words in (("first", "A hole"), ("second", "A hole, deep")):
        page.goto("/report")
        page.get_by_text("House number, or how to find it").click()
        page.locator("#lon").fill("10.155")
        page.locator("#lat").fill("50.021")
        page.get_by_role("button", name="Continue").click()
        page.locator("#words").fill(words)
        page.locator(".offered button").first.click()  # without a matter nobody else would be told of it
        if again == "first":
            page.get_by_role("button", name="Send the report").click()
            first = page.locator("[data-number]").inner_text()
    page.get_by_role("heading", name="Is it one of these?").wait_for()
    page.locator("button[name=instead]").first.click()
    assert page.locator("[data-number]").inner_text() == first
    context.close()
