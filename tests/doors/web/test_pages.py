"""Pages without a browser: errors, headers, preferences, health."""

import logging

import pytest
from django.core.exceptions import DisallowedHost
from django.db import OperationalError
from django.test import Client, RequestFactory

from cityloop.config import errors as errors_of_doors
from cityloop.doors.web import errors
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
