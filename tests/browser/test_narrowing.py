"""A long choice of matters is narrowed by typing, from the keyboard alone; without scripts it is whole."""

import pytest

BOX, CHOICE = "#matter-find", "#matter"


def shown(page):
    return page.locator(f"{CHOICE} option").evaluate_all("(all) => all.map((one) => one.value)")


def test_typed_letters_find_a_matter_and_enter_takes_it(at_desk, axe):
    page = at_desk("inspector", "/desk/new")
    whole = shown(page)
    page.locator(BOX).focus()
    page.keyboard.type("TREE fall")
    assert shown(page) == ["tree"] and len(whole) > 3
    assert "1" in page.locator("[data-narrows] [role=status]").text_content()
    assert axe(page) == []
    page.keyboard.press("Enter")
    assert page.locator(CHOICE).input_value() == "tree" and shown(page) == whole
    assert page.evaluate("document.activeElement.id") == "matter"


def test_the_list_is_walked_with_arrows_and_what_was_chosen_is_not_lost(at_desk):
    page = at_desk("inspector", "/desk/new")
    page.locator(CHOICE).select_option("hole")
    page.locator(BOX).fill("zzz")
    assert shown(page) == []
    page.keyboard.press("Escape")
    assert page.locator(CHOICE).input_value() == "hole"
    page.locator(BOX).fill("e")
    fitting = shown(page)
    page.locator(BOX).press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator(CHOICE).input_value() == fitting[1]
    page.locator(BOX).fill("zzz")
    page.locator("#send").click()
    page.locator("#errors").wait_for()
    assert page.locator(CHOICE).input_value() == fitting[1]


@pytest.mark.parametrize("lang", ["en", "zh-hans"])
def test_without_scripts_there_is_the_plain_choice(at_desk, sessions, browser, town_server, lang):
    at_desk("inspector")
    context = browser.new_context(
        base_url=town_server.url, storage_state=sessions["inspector"], java_script_enabled=False
    )
    context.add_cookies([{"name": "django_language", "value": lang, "url": town_server.url}])
    page = context.new_page()
    page.goto("/desk/new")
    assert page.locator(BOX).is_hidden() and page.locator(CHOICE).is_visible() and len(shown(page)) > 3
    context.close()
