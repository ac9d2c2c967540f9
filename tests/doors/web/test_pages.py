"""Pages without a browser: errors, headers, preferences, health."""

import logging
from zlib import crc32

import pytest
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import OperationalError
from django.test import Client, RequestFactory

from cityloop.config import errors as errors_of_doors
from cityloop.doors.web import errors
from cityloop.doors.web.desk import tries
from cityloop.town.persons import pace
from tests.town.staff import make_account

pytestmark = pytest.mark.django_db


def test_pages_carry_the_policy(client):
    policy = client.get("/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe-inline" not in policy.replace("style-src-attr 'unsafe-inline'", "")
    assert "worker-src 'self' blob:" in policy


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/desk/sign-in", 200), ("/desk/", 302), ("/no/such", 404)])
def test_status(client, path, status):
    assert client.get(path).status_code == status


def test_a_stale_form_says_so():
    answer = Client(enforce_csrf_checks=True).post("/desk/sign-in", {"username": "x", "password": "y"})
    assert answer.status_code == 403
    assert b"open too long" in answer.content


def test_a_fault_says_what_is_safe_and_gives_a_code(caplog):
    answer = errors.server_error(RequestFactory().get("/follow/ABCDEF"))
    assert answer.status_code == 500 and b"E-500-" in answer.content
    assert "ABCDEF" not in caplog.text


@pytest.mark.parametrize("path", ["/follow/ABCDEF", "/open311/v2/requests.json"])
def test_a_database_that_is_away_is_not_a_fault_of_ours(path):
    request = RequestFactory().get(path)
    try:
        raise OperationalError("couldn't get a connection after 10.00 sec")
    except OperationalError:
        answer = errors_of_doors.server_error(request)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(
    ("error", "short"),
    [
        (OperationalError("couldn't get a connection after 10.00 sec"), True),
        (DisallowedHost("Invalid HTTP_HOST header: 'x%s'."), True),
        (OperationalError("disk I/O error"), False),
    ],
)
def test_what_comes_often_is_one_line_of_the_log(error, short):
    record = logging.LogRecord(
        "x", logging.ERROR, "", 1, "Service Unavailable: %s", ("a page",), (type(error), error, None)
    )
    assert errors.NoAddresses().filter(record)
    assert (record.exc_info is None) is short
    assert record.getMessage() == (f"Service Unavailable: a page ({error})" if short else "Service Unavailable: a page")


@pytest.mark.parametrize("path", ["/", "/desk/", "/desk/sign-in", "/api/v1/me", "/open311/v2/services.json"])
def test_another_name_of_the_machine_is_the_visitors_fault(path):
    assert Client(raise_request_exception=False).get(path, headers={"Host": "evil.example"}).status_code == 400


def test_wrong_password(client):
    answer = client.post("/desk/sign-in", {"username": "nobody", "password": "nothing"})
    assert answer.status_code == 200 and b"Nothing was changed" in answer.content


def test_passwords_are_not_tried_without_end(client):
    """Of one name from one address; another address and another name are not held up."""

    def tries(name, address):
        return client.post("/desk/sign-in", {"username": name, "password": "nothing"}, REMOTE_ADDR=address)

    assert {tries("guessed", "192.0.2.77").status_code for _ in range(20)} == {200}
    refused = tries("guessed", "192.0.2.77")
    assert refused.status_code == 429 and int(refused["Retry-After"]) <= 60
    assert b"Too many passwords" in refused.content
    assert tries("guessed", "192.0.2.78").status_code == 200
    assert tries("another", "192.0.2.77").status_code == 200


def test_who_knows_the_password_is_never_held_up(client):
    account = make_account()
    account.set_password("the right one")
    account.save()
    where = {"REMOTE_ADDR": "192.0.2.79"}
    for password in (["wrong"] * 12 + ["the right one"]) * 3:
        answer = Client().post("/desk/sign-in", {"username": account.username, "password": password}, **where)
        assert answer.status_code == (302 if password == "the right one" else 200)


def knock(name, password, address, browser=None):
    given = {"username": name, "password": password}
    return (browser or Client()).post("/desk/sign-in", given, REMOTE_ADDR=address).status_code


def with_password(password):
    account = make_account()
    account.set_password(password)
    account.save()
    return account.username


def test_one_name_is_not_tried_in_all_its_ways_of_writing(client):
    """Signing in reads them as one."""
    ways = ["abc", "ａbc", "aｂc", "abｃ", " abc", "abc\u3000"]
    assert [knock(ways[i % len(ways)], "nothing", "192.0.2.80") for i in range(21)] == [200] * 20 + [429]


def test_no_other_name_wipes_what_was_counted(client):
    """Where a visitor is counted could be reckoned out, and so another name that is counted in the same place."""
    place = crc32(b"sign-in:guessed:192.0.2.81") % pace.SLOTS
    twin = next(n for n in map(str, range(10**7)) if crc32(f"sign-in:{n}:192.0.2.81".encode()) % pace.SLOTS == place)
    assert {knock("guessed", "nothing", "192.0.2.81") for _ in range(20)} == {200}
    assert knock(twin, "nothing", "192.0.2.81") == 200 and knock("guessed", "nothing", "192.0.2.81") == 429


def test_many_names_are_not_tried_from_one_address(client):
    mine = with_password("the right one")
    said = [knock(f"name-{i}", "nothing", "192.0.2.82") for i in range(tries.STRANGE - 1)]
    assert {*said} == {200} and knock(
        mine, "the right one", "192.0.2.82"
    ) == 302  # which is not held against the address
    assert knock("one-more", "nothing", "192.0.2.82") == 200 and knock("another", "nothing", "192.0.2.82") == 429
    assert knock(mine, "the right one", "192.0.2.82") == 429 and knock("another", "nothing", "192.0.2.83") == 200


def test_one_name_is_not_tried_from_many_addresses_and_its_owner_gets_in(client):
    mine, browser = with_password("the right one"), Client()
    assert knock(mine, "the right one", "192.0.2.84", browser) == 302
    browser.cookies.pop(settings.SESSION_COOKIE_NAME)
    said = [knock(mine, "nothing", f"198.51.100.{i}") for i in range(tries.STRANGE + 1)]
    assert said == [200] * tries.STRANGE + [429]
    assert knock(mine, "the right one", "192.0.2.84", browser) == 302
    assert mine not in browser.cookies[tries.COOKIE].value and browser.cookies[tries.COOKIE]["httponly"]


def test_a_browser_is_known_to_its_own_names_alone(client):
    mine, other, browser = with_password("the right one"), make_account().username, Client()
    assert knock(mine, "the right one", "192.0.2.85", browser) == 302
    browser.cookies.pop(settings.SESSION_COOKIE_NAME)
    assert {knock(other, "nothing", f"198.51.100.{i}", browser) for i in range(tries.STRANGE)} == {200}
    assert knock(other, "nothing", "198.51.100.99", browser) == 429
    browser.cookies[tries.COOKIE] = browser.cookies[tries.COOKIE].value + "x"
    assert {knock(mine, "nothing", f"198.51.100.{i}", browser) for i in range(tries.STRANGE)} == {200}
    assert knock(mine, "the right one", "198.51.100.98", browser) == 429


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_theme_never_leads_elsewhere(client, elsewhere):
    assert client.post("/preferences/theme", {"theme": "dark", "next": elsewhere})["Location"] == "/"


def test_theme_is_one_of_two(client):
    client.post("/preferences/theme", {"theme": '"><script>', "next": "/"})
    assert b"<script>" not in client.get("/").content


def test_pages_for_everybody_are_compressed_and_secrets_are_not(client, town):
    plain = client.get("/report")
    small = client.get("/report", headers={"Accept-Encoding": "gzip"})
    assert small["Content-Encoding"] == "gzip" and len(small.content) * 3 < len(plain.content)
    followed = client.get(f"/follow/{town.collect().follow}", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in followed.headers
