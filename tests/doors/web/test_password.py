"""A password is its owner's: known to whoever opened the account until another one is chosen."""

import pytest
from django.test import Client

from cityloop.doors.web.desk.tries import TRIES
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import actions as orgs
from cityloop.town.orgs.queries import held
from cityloop.town.persons.actions import set_password
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
    account = town.accounts["shift"]
    set_password(account=account, password=FIRST, by=BY, at=town.at)
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


def test_without_a_post_or_a_session_there_is_no_page(mine, client):
    assert client.get(PAGE).status_code == 302
    browser = signed_in(mine)
    for holding in held(mine, "shift_leader", AT):
        orgs.dismiss(holding=holding, by=BY, at=AT + 1)
    assert browser.get(PAGE).status_code == 403
