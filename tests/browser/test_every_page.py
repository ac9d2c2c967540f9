"""Every page of every door in a real browser, by a post that may change it: axe-core clean, nothing wide, no fault."""

from itertools import cycle
from typing import Any

import pytest
from django.urls import get_resolver

from tests.browser.table import OTHER, PAGES, POSTS, PROGRAMS, visits
from tests.browser.test_pages import EVERY, SIDEWAYS, SIZES, drawn, prepare
from tests.conftest import PROVE
from tests.doors.matrix.table import TABLE, routes

pytestmark = pytest.mark.once
# In `make test` a page has one look, and its neighbour the next; with `make prove` each page has every look.
LOOKS = {visit: EVERY if PROVE else [look] for (_route, visit), look in zip(visits(), cycle(EVERY), strict=False)}
UNFOLD = "document.querySelectorAll('main details:not(.menu)').forEach(e => { e.name = ''; e.open = true })"


def test_every_page_is_in_the_table() -> None:
    """What takes forms alone has no address to look at; of the programs' doors see the matrix, which reads answers."""
    asked = {route for route in routes(get_resolver()) if TABLE[route].get and not route.startswith(PROGRAMS)}
    assert asked == OTHER | {route for route in PAGES if not route.startswith(PROGRAMS)}
    assert not OTHER & PAGES
    assert {look for looks in LOOKS.values() for look in looks} == set(EVERY)


@pytest.mark.parametrize("who", POSTS, ids=[who or "stranger" for who in POSTS])
def test_a_page_is_sound(page_of: Any, town_server: Any, axe: Any, held: dict[str, str], who: str) -> None:
    page, said, found = page_of(who), list[str](), list[Any]()
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    for visit in (visit for _route, visit in visits() if visit.who == who):
        for size, language, theme in LOOKS[visit]:
            prepare(page, town_server, language, theme)
            page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
            path = visit.path.format(**held)
            wrong = looked_at(page, axe, path)
            missing = [line for line in said if "404" not in line or "wrong" not in path]
            found += [(visit.path, size, language, theme, one) for one in [*wrong, *missing]]
            said.clear()
    assert not found, "\n".join(map(str, found))


def looked_at(page: Any, axe: Any, path: str) -> list[Any]:
    """Give what is wrong with a page, with all that unfolds unfolded: its fields must be sound as well."""
    page.goto(path)
    page.evaluate(UNFOLD)
    drawn(page)
    found = list[Any](axe(page))
    if page.locator("h1").count() != 1:
        found.append(f"{page.locator('h1').count()} headings of the first level")
    if page.evaluate(SIDEWAYS):
        found.append("the page scrolls sideways")
    if page.evaluate("window.hacked") is not None:
        found.append("words of a report became a script")
    return found
