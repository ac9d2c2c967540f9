"""Who looked at personal data is read by the security officer of the whole city, and by nobody else."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cityloop.town.columns import real_now
from cityloop.town.persons import actions
from cityloop.town.persons.actions import make_access_key
from cityloop.town.persons.models import Account
from tests.town.staff import BY, seat

PAGE, DOOR = "/desk/settings/looks", "/api/v1/settings/looks"


@pytest.fixture
def officer(town):
    return seat(town.orgs["city"], "security_officer")


@pytest.fixture
def seen(town):
    """Two persons, looked at by the parks officer and the dispatcher."""
    persons = [actions.register_person(at=town.at, name=f"Resident {n}") for n in (1, 2)]
    for n in range(60):
        actions.look(person=persons[n % 2], by=town.actor("parks"), at=town.at + n, purpose=f"call number {n} back")
    actions.look(person=persons[0], by=town.actor("dispatcher"), at=town.at, purpose="<b>which</b> tree?")
    return persons


def browser(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def test_the_officer_reads_who_when_and_what_for_but_no_name(town, officer, seen):
    client = browser(officer)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(PAGE)
    text = page.content.decode()
    assert page.status_code == 200 and page["Cache-Control"] == "no-store"
    assert len(asked) <= 12, [q["sql"] for q in asked]
    assert "&lt;b&gt;which&lt;/b&gt; tree?" in text and town.accounts["dispatcher"].username in text
    assert f"person {seen[0].pk}" in text and "Resident" not in text
    assert "call number 59 back" in text and "call number 10 back" not in text  # on the next page


def test_it_is_paged_and_narrowed(town, officer, seen):
    client = browser(officer)
    first = client.get(PAGE).content.decode()
    before = first.partition("before=")[2].partition('"')[0]
    second = client.get(f"{PAGE}?before={before}").content.decode()
    assert "call number 10 back" in second and "call number 59 back" not in second
    one = client.get(f"{PAGE}?person={seen[1].pk}").content.decode()
    assert "call number 59 back" in one and "tree?" not in one
    name = town.accounts["dispatcher"].username
    assert client.get(f"{PAGE}?user={name}").content.decode().count("<tr>") == 2  # with the head
    for odd in ("?user=nobody", "?person=x", "?before=-1", "?person=99999999999999999999"):
        assert client.get(PAGE + odd).status_code == 200


def test_nobody_else_reads_it(town, at_desk, seen):
    engineer = seat(town.orgs["city"], "city_engineer")
    part = seat(town.orgs["city"], "security_officer", unit="100101")
    for client in (at_desk("parks"), at_desk("commander"), browser(engineer), browser(part)):
        assert client.get(PAGE).status_code == 403
        assert b"settings/looks" not in client.get("/desk/settings/").content
    assert Client().get(PAGE).status_code == 302


def test_a_program_of_the_officer_reads_it_page_by_page(town, officer, seen):
    def ask(account: Account, path: str = DOOR) -> tuple[int, dict]:
        key = make_access_key(account=account, label="x", days=1, by=BY, at=real_now(), scopes=["read"])
        answer = Client().get(path, HTTP_AUTHORIZATION=f"Bearer {key}")
        return answer.status_code, answer.json()

    status, first = ask(officer)
    assert status == 200 and len(first["items"]) == 50
    status, second = ask(officer, first["next"])
    assert len(second["items"]) == 11 and second["next"] is None
    assert {one["person"] for one in first["items"] + second["items"]} == {person.pk for person in seen}
    assert set(first["items"][0]) == {"at", "username", "role", "purpose", "person"}
    name = town.accounts["dispatcher"].username
    assert [one["role"] for one in ask(officer, f"{DOOR}?username={name}")[1]["items"]] == ["dispatcher"]
    status, said = ask(town.accounts["dispatcher"])
    assert (status, said["code"]) == (403, "authority.denied")
