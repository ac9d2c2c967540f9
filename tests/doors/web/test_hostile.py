"""Hostile addresses and forms at the pages: an answer of ours every time, never a fault."""

import re

import pytest
from django.test import Client

from cityloop.loops.cases.rebuilding import all_differences
from cityloop.town.ledger.queries import verify
from tests.conftest import PROVE
from tests.doors.web.conftest import number

TEXTS = ["a\0b", "²", "١٢", "-1", "9" * 30, "9" * 5000, "1e999", "nan", "\ud83d", "%", "_", "'\"--", "<b>\u202e", " "]
TEXTS += ["0001", "0001-01", "0001-01-01", "9999-12-31"]  # the ends of the calendar, beyond which no day lies
NASTY = [text.encode("utf-8", "surrogatepass") for text in TEXTS]
ADDRESSES = {
    "/figures": ("days", "month", "year", "from", "to", "under", "agency"),
    "/figures.csv": ("from", "to", "by"),
    "/map": ("under", "by"),
    "/fixed": ("under", "before"),
    "/near": ("lon", "lat"),
    "/map/units": ("under", "depth", "here", "by", "numbers"),
    "/report": ("lon", "lat", "unit", "place", "matter", "words", "key", "kept"),
    "/desk/find/kept": ("lon", "lat", "unit", "place", "matter", "words", "key", "kept", "component", "sent"),
    "/desk/": ("org", "what", "unit", "after"),
    "/desk/inbox.geojson": ("org", "what", "unit", "after"),
    "/desk/cases/": ("state", "matter", "unit", "org", "late", "q", "after"),
    "/desk/components": ("type", "state", "unit", "code", "after"),
    "/desk/components/labels": ("type", "state", "unit", "code", "after"),
    "/desk/map": ("under", "by", "at"),
    "/desk/map/units": ("under", "depth", "here", "by", "at", "numbers"),
    "/desk/sign-in": ("next",),
}
REPORT = ("lon", "lat", "unit", "place", "address", "matter", "words", "name", "phone", "email", "key", "kept", "seen")
WORST = NASTY[:2]  # these have broken pages before
ANSWERS = (200, 302, 303, 400, 403, 404, 405, 409, 413, 415, 422, 429)


def shared_out(several):
    """Give pairs of `several` and a nasty value: all in `make prove`, else each at least once, the worst with all."""
    for n, one in enumerate(several):
        for m, value in enumerate(NASTY):
            if PROVE or value in WORST or (m - n) % len(several) == 0 or n % len(NASTY) == m:
                yield one, value


@pytest.mark.parametrize("path", sorted(ADDRESSES))
def test_no_address_breaks_a_page(town, at_desk, path):
    browser = at_desk("shift")
    for name, value in shared_out(ADDRESSES[path]):
        answer = browser.get(path, {name: value})
        assert answer.status_code in ANSWERS, (name, value[:20])


@pytest.mark.parametrize("path", ["/follow/{}", "/follow/{}/sent", "/follow/{}/receipt.json", "/desk/cases/{}",
                                  "/desk/cases/{}/mark", "/files/{}"])  # fmt: skip
def test_no_name_in_a_path_breaks_a_page(town, at_desk, path):
    browser = at_desk("shift")
    for value in (
        "%00",
        "%C2%B2",
        "SV-2018-" + "9" * 30,
        "x" * 3000,
        "%FF%FE",
        "..%2F..%2Fetc",
        "%0d%0aSet-Cookie:a=b",
    ):
        assert browser.get(path.format(value)).status_code in ANSWERS, value[:30]


@pytest.mark.parametrize("path", ["/report", "/report/hints", "/report/follow"])
@pytest.mark.parametrize("name", [*REPORT, "instead"])
def test_no_form_breaks_a_report(town, path, name):
    browser, names = Client(), [*REPORT, "instead"]
    for value in [value for one, value in shared_out(names) if one == name]:
        sent = {
            "lon": "10.05",
            "lat": "50.02",
            "words": "a hole",
            "seen": "1",
            name: value,
        }
        assert browser.post(path, sent).status_code in ANSWERS, (name, value[:20])
    assert list(verify()) == [] and list(all_differences()) == []


@pytest.mark.parametrize("name", ["offer", "seq", "kept", "next", "matter", "unit", "words", "parts", "limit", "case"])
def test_no_form_breaks_an_action(town, at_desk, name):
    case = town.to("filed")
    browser, path = at_desk("dispatcher"), f"/desk/cases/{number(case)}"
    offers = re.findall(r'name="offer" value="([^"]+)"', browser.get(path).content.decode())
    assert offers
    for offer, value in shared_out(offers):
        sent = {"offer": offer, "seq": "1", name: value}
        assert browser.post(path + "/act", sent).status_code in ANSWERS, (offer, name, value[:20])
    assert list(verify()) == [] and list(all_differences()) == []


@pytest.mark.parametrize("name", ["person", "purpose"])
def test_no_form_breaks_a_look_at_a_person(town, at_desk, name):
    browser, path = at_desk("intake"), f"/desk/cases/{number(town.collect().case)}/contact"
    for value in NASTY:
        sent = {"person": "1", "purpose": "call back", name: value}
        assert browser.post(path, sent).status_code in ANSWERS, (name, value[:20])


@pytest.mark.parametrize("name", ["code", "username", "password", "theme", "next", "language"])
def test_small_forms(town, name):
    for value in NASTY:
        for path in ("/follow", "/desk/sign-in", "/preferences/theme", "/preferences/language"):
            sent = {"username": "x", "password": "y", name: value}
            assert Client().post(path, sent).status_code in ANSWERS, (path, name, value[:20])
