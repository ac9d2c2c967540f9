"""Pages of the desk, and of mails, after a form was sent: done, refused, tried, overtaken; axe-core clean."""

from collections.abc import Callable
from itertools import cycle
from typing import Any, NamedTuple

import pytest

from tests.browser.table import ENGINEER
from tests.browser.test_every_page import UNFOLD
from tests.browser.test_pages import EVERY, SIDEWAYS, SIZES, prepare
from tests.conftest import PROVE

pytestmark = pytest.mark.once
FILED = """
from tests.journeys.town import again
town = again()
made = town.collect(matter="hole", lon=10.09, lat=50.013)
town.take(made.case, "file", "shift")
print(made.number)
"""
# Sends a form of our own from a page that has one, as a browser does that checks nothing itself.
SEND = """([to, typed]) => {
  const bare = Object.assign(document.createElement("form"), { method: "post", action: to })
  typed.csrfmiddlewaretoken = document.querySelector("[name=csrfmiddlewaretoken]").value
  for (const [name, value] of Object.entries(typed)) {
    bare.append(Object.assign(document.createElement("textarea"), { name, value }))
  }
  document.body.append(bare)
  HTMLFormElement.prototype.submit.call(bare)
}"""
TREE = "/desk/settings/catalogue/tree"
FILE = "/desk/settings/catalogue-as-a-file"
NOTHING = {"lon": "nowhere", "lat": "", "type": "lamp", "height": "tall"}


class Sent(NamedTuple):
    """A form: who sends it from where to which address, what is in it, and the status of what comes back."""

    name: str
    who: str
    page: str
    typed: dict[str, str]
    status: int = 422
    to: str = ""


REPORT = {"lon": "10.173", "lat": "50.021", "matter": "hole", "words": "A hole", "do": "send", "channel": "phone"}
SENT = [
    Sent("entered", "inspector", "/desk/new", REPORT, 201),
    Sent("entered without a place", "inspector", "/desk/new", {"do": "send", "words": "x" * 5001}),
    Sent("a find without a place", "inspector", "/desk/find", {"do": "send", "words": "x" * 5001}),
    Sent("a component nowhere", "inspector", "/desk/components/new?type=lamp", NOTHING, to="/desk/components/new"),
    Sent("a correction to nowhere", "inspector", "/desk/components/{lamp}/correct", NOTHING | {"seen": "x"}),
    Sent("a wrong password", "inspector", "/desk/password", {"old": "x", "new": "y", "again": "z"}),
    Sent("a look for nothing", "dispatcher", "/desk/cameras/gate", {"purpose": ""}, to="/desk/cameras/gate/look"),
    Sent("no such limit", ENGINEER, TREE, {"do": "matter", "amount0": "0", "level": "7", "public_place": "all"}),
    Sent("no such lead", ENGINEER, TREE, {"do": "line", "lead": "nobody", "unit": "9"}),
    Sent("no such post", ENGINEER, "/desk/settings/organisations/parks", {"do": "post", "role": "king"}),
    Sent("no name", ENGINEER, "/desk/settings/organisations", {"key": "x", "names_en": "", "kind": "government"}),
    Sent("no such level", ENGINEER, "/desk/settings/people",
         {"do": "appoint", "user": "lin", "organisation": "parks", "level": "x"}),
    Sent("no such day", ENGINEER, "/desk/settings/calendars/city", {"do": "holiday", "from": "x", "to": ""}),
    Sent("no such picture", ENGINEER, "/desk/settings/imagery", {"key": "X Y", "names_en": "", "kind": "cog"}),
    Sent("no catalogue", ENGINEER, FILE, {"do": "look", "text": "matters = 1"}),
    Sent("no address", "", "/near?under=100101", {"subject": "unit:100101", "email": "nobody"}, to="/mails"),
    Sent("a mail on its way", "", "/near?under=100101", {"subject": "unit:100101", "email": "a@example.org"}, 200,
         "/mails"),
    Sent("mails begun", "", "/mails/{confirm}/confirm", {}, 200),
    Sent("mails stopped", "", "/report", {}, 200, "/mails/{stop}"),
    Sent("links void", "", "/report", {"do": "links"}, 200, "/mails/{stop}"),
]  # fmt: skip
NEXT = cycle(EVERY)
LOOKS = {sent.name: EVERY if PROVE else [next(NEXT)] for sent in SENT}
FEW = EVERY if PROVE else [EVERY[0], EVERY[-1]]


@pytest.fixture
def sound(axe: Callable[..., Any], town_server: Any) -> Callable[..., None]:
    """Look at a page as it stands now, with all that unfolds unfolded."""

    def look(page: Any, state: str) -> None:
        page.evaluate(UNFOLD)
        for chart in page.locator(".map:visible").all():
            chart.scroll_into_view_if_needed()
            chart.locator("xpath=self::*[@data-ready]").wait_for()
        assert axe(page) == [], state
        assert page.locator("h1:visible").count() == 1, state
        assert page.evaluate(SIDEWAYS) == 0, state

    return look


@pytest.fixture
def at(page_of: Any, town_server: Any) -> Callable[..., Any]:
    """Open a page by somebody in a look."""

    def open_page(who: str, path: str, look: tuple[str, str, str]) -> Any:
        size, language, theme = look
        page = page_of(who)
        prepare(page, town_server, language, theme)
        page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
        page.goto(path)
        return page

    return open_page


@pytest.mark.parametrize("sent", SENT, ids=[sent.name for sent in SENT])
def test_what_comes_back_is_sound(at: Any, held: dict[str, str], sound: Any, sent: Sent) -> None:
    for look in LOOKS[sent.name]:
        page = at(sent.who, sent.page.format(**held), look)
        with page.expect_navigation() as gone:
            page.evaluate(SEND, [(sent.to or sent.page).format(**held), sent.typed])
        assert gone.value.status == sent.status, page.locator("main").inner_text()
        sound(page, f"{sent.name} {look}")


@pytest.mark.parametrize("look", FEW, ids=["-".join(one) for one in FEW])
def test_acting_on_many_is_sound(at: Any, held: dict[str, str], sound: Any, town_server: Any, look: Any) -> None:
    mine = town_server.shell(FILED).strip()
    page = at("dispatcher", f"/desk/many?case={mine}&case={held['number']}", look)
    page.locator("button[name=offer][value^=dispatch]").click()
    page.locator(".many-form").wait_for()
    sound(page, "preview")
    page.locator(".many-form button.btn-primary").click()
    page.locator("main [role=status]").first.wait_for()
    sound(page, "done")


@pytest.mark.parametrize("look", FEW, ids=["-".join(one) for one in FEW])
def test_a_change_of_the_catalogue_tried_or_overtaken_is_sound(
    at: Any, held: dict[str, str], sound: Any, look: Any
) -> None:
    page = at(ENGINEER, TREE, look)
    page.locator("[name=amount0]").fill("7")
    page.locator("button[value=try]").click()
    page.locator("#trial").wait_for()
    sound(page, "tried")
    page.locator("[name=names_en]").fill("My tree")
    page.locator("[name=on]").first.evaluate("(e, digest) => { e.value = digest }", held["before"])
    page.locator("fieldset.bare .btn-primary").click()
    page.locator("#overtaken-title").wait_for()
    sound(page, "overtaken")
    page.goto(FILE)
    changed = page.request.get("/desk/settings/catalogue.toml").text().replace("Fallen tree", "Tree that fell")
    for do in ("look", "try"):
        with page.expect_navigation():
            page.evaluate(SEND, [FILE, {"do": do, "text": changed, "name": "mine.toml"}])
        page.locator("#looked").wait_for()
        sound(page, do)
