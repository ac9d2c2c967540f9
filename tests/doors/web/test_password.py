"""A password is its owner's: known to whoever opened the account until another one is chosen."""

import pytest
from django.test import Client

from cityloop.doors.web import live
from cityloop.doors.web.desk.tries import TRIES
from cityloop.town.columns import real_now
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import actions as orgs
from cityloop.town.orgs.queries import held
from cityloop.town.persons import strangers
from cityloop.town.persons.actions import make_access_key, set_password
from tests.town.staff import AT, BY

pytestmark = pytest.mark.django_db
PAGE, FIRST, NEXT = "/desk/password", "what the engineer was told", "what only I know"


def signed_in(account, password=FIRST) -> Client:
    browser = Client()
    given = {"username": account.username, "password": password}
    assert browser.post("/desk/sign-in", given, REMOTE_ADDR=f"192.0.2.{account.pk % 250}").status_code == 302
    return browser


@pytest.fixture
def mine(town):
    account = given(town.accounts["shift"])
    account.password_given = False
    account.save(update_fields=["password_given"])
    return account


def given(account):
    """Give somebody a password, as whoever holds the command line does."""
    strangers.forget(f"password:{account.pk}", "")  # what another test tried under the same id
    set_password(account=account, password=FIRST, by=BY, at=AT)
    return account


def test_another_password_ends_all_other_sessions(mine):
    here, there = signed_in(mine), signed_in(mine)
    assert PAGE in here.get("/desk/").content.decode()
    answer = here.post(PAGE, {"old": FIRST, "new": NEXT, "again": NEXT}, follow=True)
    assert answer.status_code == 200 and b"signed out" in answer.content and answer["Cache-Control"] == "no-store"
    assert here.get("/desk/").status_code == 200 and there.get("/desk/").status_code == 302
    assert Client().post("/desk/sign-in", {"username": mine.username, "password": FIRST}).status_code == 200
    signed_in(mine, NEXT)
    told = Step.objects.filter(what="password_set").latest("id")
    assert told.subject == f"person:{mine.person.uuid}" and NEXT not in told.data + told.inner


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("old", {"old": "something else"}), ("again", {"again": "what I know only"}),
        ("new", {"new": "short", "again": "short"}), ("new", {"new": "password123", "again": "password123"}),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_comes_back(mine, field, given):
    browser, typed = signed_in(mine), {"old": FIRST, "new": NEXT, "again": NEXT, **given}
    answer = browser.post(PAGE, typed)
    page = answer.content.decode()
    assert answer.status_code == 422 and f'id="f-{field}-error"' in page
    assert not any(text in page for text in typed.values())
    signed_in(mine)


def test_the_present_one_is_not_tried_without_end(mine):
    browser = signed_in(mine)
    for _ in range(TRIES):
        browser.post(PAGE, {"old": "x", "new": NEXT, "again": NEXT})
    assert browser.post(PAGE, {"old": FIRST, "new": NEXT, "again": NEXT}).status_code == 422
    signed_in(mine)


@pytest.mark.parametrize(
    "path", ["/desk/", "/desk/cases/", "/desk/settings/people", "/desk/components", "/desk/password", "/wall/"]
)
def test_a_password_that_another_gave_opens_only_the_page_to_choose_ones_own(town, path):
    browser = signed_in(given(town.accounts["shift"]))
    answer = browser.get(path)
    assert answer.status_code == 200 if path == PAGE else (answer.status_code, answer["Location"]) == (303, PAGE)
    if path == PAGE:
        assert "Somebody else gave you this password" in answer.content.decode()
    assert browser.post("/desk/many/act", {"case": "1"})["Location"] == PAGE


def test_who_has_chosen_goes_on_and_a_reset_asks_anew(town):
    account = given(town.accounts["shift"])
    browser, number = signed_in(account), town.collect().number
    told = [browser.get(path, follow=True).content.decode() for path in (PAGE, f"/desk/cases/{number}")]
    assert not any('href="/desk/cases/' in page or number in page for page in told)
    same = browser.post(PAGE, {"old": FIRST, "new": FIRST, "again": FIRST})
    assert same.status_code == 422 and "Choose another password than the one" in same.content.decode()
    answer = browser.post(PAGE, {"old": FIRST, "new": NEXT, "again": NEXT})
    assert (answer.status_code, answer["Location"]) == (303, "/desk/") and browser.get("/desk/").status_code == 200
    assert signed_in(account, NEXT).get("/desk/").status_code == 200
    given(account)
    assert browser.get("/desk/")["Location"].startswith("/desk/sign-in")
    assert signed_in(account).get("/desk/")["Location"] == PAGE


def test_its_live_events_wait_too_and_its_keys_go_on(town):
    account = given(town.accounts["shift"])
    key = make_access_key(account=account, label="", days=1, by=BY, at=real_now())
    browser = signed_in(account)
    assert live._account({"cookie": f"sessionid={browser.cookies['sessionid'].value}"}) is None
    assert Client().get("/api/v1/cases", HTTP_AUTHORIZATION=f"Bearer {key}").status_code == 200


def test_without_a_post_or_a_session_there_is_no_page(mine, client):
    assert client.get(PAGE).status_code == 302
    browser = signed_in(mine)
    for holding in held(mine, "shift_leader", AT):
        orgs.dismiss(holding=holding, by=BY, at=AT + 1)
    assert browser.get(PAGE).status_code == 403
