"""Who a visitor is behind proxies: never what the visitor says, and never the proxy alone."""

import pytest
from django.core.cache import cache
from django.test import Client

from cityloop.config.visitors import proxies, visitor
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.persons.strangers import network


@pytest.mark.parametrize(
    ("hops", "header", "found"),
    [
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "6.6.6.6, 203.0.113.7", "203.0.113.7"),  # the first was written by the visitor
        (2, "6.6.6.6, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (2, "203.0.113.7", "10.0.0.1"),  # it did not pass both of our proxies
        (1, "", "10.0.0.1"),
        (1, "nonsense", "10.0.0.1"),
        (1, "[2001:db8::1]", "2001:db8::1"),
    ],
)
def test_the_address_is_counted_from_the_end(hops, header, found):
    assert visitor({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": header}, hops) == found


@pytest.mark.parametrize("text", ["-1", "10", "yes", "1.5"])
def test_a_number_of_proxies_that_is_none(text):
    with pytest.raises(Refusal):
        proxies(text)


def test_no_proxy_is_believed_unless_one_is_named():
    assert proxies("") == 0 and proxies("2") == 2


def test_one_household_is_one_visitor():
    assert network("2001:db8:1:2:3:4:5:6") == network("2001:db8:1:2:ffff::1") != network("2001:db8:1:3::1")
    assert network("::ffff:203.0.113.7") == "203.0.113.7" != network("203.0.113.8")


def asked(times: int, **headers: str) -> list[int]:
    """Ask for a page of a code that does not exist, as often as said."""
    return [Client().post("/follow", {"code": "AAAA"}, headers=headers).status_code for _ in range(times)]


@pytest.mark.django_db
def test_each_visitor_behind_the_proxy_has_a_brake_of_their_own(settings, monkeypatch, tmp_path):
    from cityloop.doors.web.public import follow
    from tests.loops.cases.smallville import build

    build(tmp_path)
    cache.clear()
    counted = []
    monkeypatch.setattr(follow, "guess", lambda address, _field: counted.append(address))
    asked(1, **{"X-Forwarded-For": "6.6.6.6, 203.0.113.7"})
    settings.PROXIES = 1
    asked(1, **{"X-Forwarded-For": "6.6.6.6, 203.0.113.7"})
    assert counted == ["127.0.0.1", "203.0.113.7"]
