"""What crawlers and who finds a weakness look for."""

from datetime import UTC, datetime, timedelta
from urllib.robotparser import RobotFileParser

import pytest

from cityloop.config.address import security_contacts
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.ledger.actions import sequence
from cityloop.town.ledger.sealing import seal_all

pytestmark = pytest.mark.django_db


def test_crawlers_are_told_what_is_not_for_them(client, town):
    read = RobotFileParser()
    read.parse(client.get("/robots.txt").content.decode().splitlines())
    secret = f"/follow/{town.collect().follow}"
    for path in ("/", "/report", "/map", "/open311/v2/services.html"):
        assert read.can_fetch("any", path), path
    for path in ("/desk/", "/wall/", "/api/v1/cases", "/files/1", "/near?lon=1&lat=2", "/live", "/tiles/base.json"):
        assert not read.can_fetch("any", path), path
    for path in (secret, f"{secret}/receipt.json", "/mails/abc"):  # let in, to see that they are not to be kept
        assert read.can_fetch("any", path) and client.get(path).get("X-Robots-Tag", "noindex") == "noindex"
    assert "noindex" in client.get(secret).headers["X-Robots-Tag"]


def test_whom_to_tell_of_a_weakness(client, settings):
    settings.SECURITY = []
    assert client.get("/.well-known/security.txt").status_code == 404
    settings.SECURITY = security_contacts("security@city.example.org, https://city.example.org/weak")
    settings.PUBLIC_URL = "https://city.example.org"
    answer = client.get("/.well-known/security.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    said = [line.split(": ", 1) for line in answer.content.decode().splitlines()]
    contacts = [value for name, value in said if name == "Contact"]
    assert contacts == ["mailto:security@city.example.org", "https://city.example.org/weak"]
    assert ["Canonical", "https://city.example.org/.well-known/security.txt"] in said
    until = datetime.fromisoformat(dict(said)["Expires"])
    assert timedelta(days=30) < until - datetime.now(UTC) < timedelta(days=365)


@pytest.mark.parametrize(
    "wrong", ["nobody", "http://city.example.org", "javascript:alert(1)", "a@b.org\nContact: x", "a b@c.org"]
)
def test_a_contact_that_is_none_is_named(wrong):
    with pytest.raises(Refusal, match="CITYLOOP_SECURITY"):
        security_contacts(wrong)


def test_every_seal_ever_made_can_be_fetched(client, town):
    town.to("filed")
    sequence()
    seal_all()
    newest = client.get("/.well-known/cityloop-ledger").json()["seals"]
    assert newest and client.get("/.well-known/cityloop-ledger?from=0").json()["seals"] == newest[::-1]
    assert client.get("/.well-known/cityloop-ledger?from=999").json()["seals"] == []
    for wrong in ("x", "-1", "1e3", "9" * 30, "\u0663"):
        assert client.get("/.well-known/cityloop-ledger", {"from": wrong}).status_code == 404
