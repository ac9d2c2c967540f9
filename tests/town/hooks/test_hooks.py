"""Webhooks against a real server that fails, hangs and comes back: nothing lost, order kept, sent again on request."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.columns import real_now
from cityloop.town.hooks import actions, queries, rules, signing, tasks
from cityloop.town.hooks.models import Delivery, Subscription
from cityloop.town.hooks.sending import Line
from cityloop.town.ledger.actions import sequence
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import last_offset
from cityloop.town.notices.models import Notice
from cityloop.town.persons.actions import close_account, end_access_key, make_access_key
from cityloop.town.persons.queries import keys_of
from cityloop.town.persons.renewing import renew_keys
from tests.conftest import PROVE
from tests.loops.cases.smallville import Town, build
from tests.town.hooks.receiver import Receiver
from tests.town.secret import Secret
from tests.town.staff import BY

DAY = 86_400_000_000
SLOW = "no whole answer within 1 seconds"


@pytest.fixture
def town(db: None, tmp_path: Path, settings: Any) -> Town:
    settings.HOOKS_INSIDE, settings.HOOKS_SECONDS = True, 1.0
    return build(tmp_path)


@pytest.fixture
def there() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


def subscribe(town: Town, url: str, who: str = "shift", *kinds: str) -> tuple[Subscription, str]:
    sequence()
    return actions.subscribe(account=town.accounts[who], url=url, label="t", kinds=kinds, by=BY, at=real_now())


def deliver(row: Subscription) -> int:
    """What the steward's job does for one subscription, here and now; waiting times are over."""
    sequence()
    Subscription.objects.filter(pk=row.pk).update(next_at=0)
    return sum(tasks.run(pk) for pk in actions.claim(at=real_now(), most=8))


def now(row: Subscription) -> Subscription:
    return Subscription.objects.get(pk=row.pk)


def test_steps_arrive_signed_in_order_as_cloud_events(town: Town, there: Receiver) -> None:
    town.to("filed")  # before: not sent
    row, secret = subscribe(town, there.url)
    case = town.to("handling")
    assert deliver(row) == 4
    events = there.events()
    assert [one["type"].rpartition(".")[2] for one in events] == ["collect", "file", "dispatch", "accept"]
    assert [int(one["id"]) for one in events] == sorted(int(one["id"]) for one in events)
    one = events[-1]
    assert one["specversion"] == "1.0" and one["type"] == "city.cityloop.case.accept"
    assert one["source"] == "urn:cityloop:smallville" and one["data"]["to"] == "handling" and one["time"].endswith("Z")
    assert one["subject"] == one["data"]["number"] and str(case) in one["subject"]
    for headers, body in there.got:
        assert headers["Content-Type"].startswith("application/cloudevents+json")
        stamp = int(headers["webhook-timestamp"])
        assert headers["webhook-signature"] == signing.signature(secret, headers["webhook-id"], stamp, body)
    assert len({headers["webhook-id"] for headers, _ in there.got}) == 4
    assert deliver(row) == 0 and now(row).leased == 0


def test_the_signature_is_that_of_the_standard() -> None:
    """The vector of the Standard Webhooks specification's own libraries."""
    secret, message = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    said = signing.signature(secret, message, 1614265330, b'{"test": 2432232314}')
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("mood", [500, 404, 429, "redirect", "hang", "drip", "cut"])
def test_what_fails_is_tried_again_and_nothing_is_lost(town: Town, there: Receiver, mood: Any) -> None:
    row, _ = subscribe(town, there.url)
    town.to("filed")
    there.mood = mood
    for tries in (1, 2):
        assert deliver(row) == 0
        failed = now(row)
        assert failed.tries == tries and failed.next_at > real_now() and failed.error and not failed.parked
        assert failed.error == {"hang": SLOW, "drip": SLOW}.get(mood, failed.error)
    assert there.got == []
    there.mood = 200
    assert deliver(row) == 2
    assert [one["data"]["what"] for one in there.events()] == ["collect", "file"]
    assert (now(row).tries, now(row).error, now(row).failing_since) == (0, "", None)
    first = queries.deliveries(row, None, 10)[-1]
    assert (first.tries, first.delivered) == (3, True)


def test_a_receiver_that_was_away_gets_all_when_it_is_back(town: Town) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    row, _ = subscribe(town, f"http://127.0.0.1:{port}/")
    town.to("closed")
    assert deliver(row) == 0 and now(row).error == "ConnectionRefusedError"
    back = Receiver(port)
    try:
        assert deliver(row) == 10
        assert [int(e["data"]["seq"]) for e in back.events()] == list(range(1, 11))
    finally:
        back.stop()


def test_a_random_receiver_gets_every_step_in_order(town: Town, there: Receiver) -> None:
    """Whatever it answers, what it took is the ledger's order without a gap; only repeats may occur."""
    import random

    rng = random.Random(7)
    row, _ = subscribe(town, there.url)
    first = last_offset()
    for _ in range(40 if PROVE else 8):
        town.to(rng.choice(["collected", "filed", "handling"]))
        there.mood = rng.choice([200, 500, "cut", 204])
        deliver(row)
    there.mood = 200
    while now(row).offset < last_offset():
        deliver(row)
    got = [int(one["id"]) for one in there.events()]
    kinds = Step.objects.filter(offset__gt=first, kind="case").order_by("offset").values_list("offset", flat=True)
    assert list(dict.fromkeys(got)) == list(kinds) and got == sorted(got)


def test_only_what_its_account_may_see_is_sent(town: Town, there: Receiver) -> None:
    police, _ = subscribe(town, there.url, "police")
    town.to("closed")
    assert deliver(police) == 0 and there.got == [] and now(police).offset == last_offset()
    parks, _ = subscribe(town, there.url, "parks", "file", "accept")
    case = town.to("handling")
    deliver(parks)
    assert {one["data"]["what"] for one in there.events()} == {"file", "accept"}
    town.take(case, "note", "shift", words="inside")
    there.got.clear()
    actions.end(subscription=parks, by=BY)
    deliver(parks)
    assert there.got == []


def test_an_account_that_lost_its_posts_is_sent_nothing_more(town: Town, there: Receiver) -> None:
    row, _ = subscribe(town, there.url)
    town.to("filed")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orgs_holding SET valid_to = valid_from + 1 WHERE account_id = %s", [row.account_id])
    assert deliver(row) == 0 and there.got == []


def test_what_is_sent_stops_with_the_key_that_asked_and_goes_on_with_another(town: Town, there: Receiver) -> None:
    account = town.accounts["commander"]
    for label in ("first", "second"):
        make_access_key(account=account, label=label, days=9, by=BY, at=real_now())
    second, first = keys_of(account)
    sequence()
    row, _ = actions.subscribe(
        account=account, url=there.url, label="", kinds=(), by=BY, at=real_now(), key=first.pk
    )  # fmt: skip
    town.to("filed")
    assert deliver(row) == 2 and not now(row).paused(real_now())
    end_access_key(key=first, by=BY, at=real_now())
    case = town.to("dispatched")
    assert deliver(row) == 0 and now(row).paused(real_now()) and now(row).error == ""
    since = now(row).offset
    actions.replay(subscription=row, by=BY, at=real_now(), offset=since + 1, key=second.pk)
    assert deliver(row) == 3 and not now(row).paused(real_now()), "nothing was passed over meanwhile"
    assert str(case) in there.events()[-1]["subject"]
    close_account(account=account, by=BY, at=real_now())
    town.to("filed")
    assert deliver(row) == 0 and now(row).paused(real_now())


def test_what_goes_on_without_a_known_key_stops_with_its_account(town: Town, there: Receiver) -> None:
    row, _ = subscribe(town, there.url, "commander")
    close_account(account=town.accounts["commander"], by=BY, at=real_now())
    before = now(row).offset
    town.to("filed")
    assert deliver(row) == 0 and now(row).paused(real_now()) and now(row).offset == before


def test_asked_twice_for_the_same_it_is_one(town: Town, there: Receiver) -> None:
    (one, secret), (same, none) = (subscribe(town, there.url, "shift", *kinds) for kinds in (("file", "close"),) * 2)
    assert one == same and secret and not none
    others = [("shift", "file"), ("shift",), ("dispatcher", "file", "close")]
    made = {subscribe(town, there.url, who, *kinds)[0].pk for who, *kinds in others} | {one.pk}
    assert len(made) == 4 == Subscription.objects.count()


def test_what_is_imported_or_replayed_is_not_sent(town: Town, there: Receiver) -> None:
    row, _ = subscribe(town, there.url)
    town.to("filed")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_step SET origin = 'import' WHERE kind = 'case' AND seq = 1")
    deliver(row)
    assert [one["data"]["what"] for one in there.events()] == ["file"]


def test_replay_sends_again_from_an_offset_and_from_a_time(town: Town, there: Receiver) -> None:
    row, _ = subscribe(town, there.url)
    town.to("handling")
    deliver(row)
    ids = [one["id"] for one in there.events()]
    there.got.clear()
    assert actions.replay(subscription=row, by=BY, at=real_now(), offset=int(ids[2])) == int(ids[2])
    deliver(row)
    assert [one["id"] for one in there.events()] == ids[2:]
    there.got.clear()
    actions.replay(subscription=row, by=BY, at=real_now(), time=1)
    deliver(row)
    assert [one["id"] for one in there.events()] == ids
    assert {d.tries for d in queries.deliveries(row, None, 10)} == {2, 3}
    there.got.clear()
    moment = real_now()
    assert actions.replay(subscription=row, by=BY, at=moment, time=moment) > int(ids[-1])
    assert deliver(row) == 0 and now(row).offset >= int(ids[-1])
    for both in ({}, {"offset": 1, "time": 1}):
        with pytest.raises(Refusal, match="either"):
            actions.replay(subscription=row, by=BY, at=real_now(), **both)


@pytest.mark.parametrize(("beyond", "field"), [({"time": DAY}, "time"), ({"offset": 10**9}, "offset")])
def test_a_replay_from_what_is_not_yet_passes_over_nothing(
    town: Town, there: Receiver, beyond: dict[str, int], field: str
) -> None:
    """A slip of the hand in a year or an offset must not lose what waits for a parked receiver."""
    row, _ = subscribe(town, there.url)
    there.mood = 410
    town.to("filed")
    deliver(row)
    waiting = now(row)
    assert waiting.parked
    asked = {"time": real_now() + DAY} if "time" in beyond else beyond
    with pytest.raises(Refusal) as caught:
        actions.replay(subscription=row, by=BY, at=real_now(), **asked)
    assert caught.value.field == field
    assert (now(row).offset, now(row).parked) == (waiting.offset, waiting.parked)


def test_a_replay_during_a_run_goes_first(town: Town, there: Receiver) -> None:
    row, _ = subscribe(town, there.url)
    before = now(row)
    town.to("filed")
    sequence()
    actions.replay(subscription=row, by=BY, at=real_now(), offset=0)
    facts = {"what": "file", "number": "x"}
    done = actions.note_delivered(subscription=before, offset=99, facts=facts, status=200, at=real_now())
    assert done is False and now(row).offset == -1 and not Delivery.objects.exists()
    assert actions.note_passed(subscription=before, offset=99) is False


def test_after_three_days_it_is_parked_and_that_is_said(town: Town, there: Receiver) -> None:
    row, _ = subscribe(town, there.url)
    town.to("filed")
    there.mood = 503
    deliver(row)
    Subscription.objects.filter(pk=row.pk).update(failing_since=real_now() - 3 * DAY)
    deliver(row)
    parked = now(row)
    assert parked.parked and deliver(row) == 0
    assert Notice.objects.filter(kind="webhook_parked", account=row.account_id).exists()
    there.mood = 200
    actions.replay(subscription=row, by=BY, at=real_now(), offset=parked.offset + 1)
    assert deliver(row) == 2 and not now(row).parked


def test_gone_is_parked_at_once(town: Town, there: Receiver) -> None:
    row, _ = subscribe(town, there.url)
    town.to("collected")
    there.mood = 410
    deliver(row)
    assert now(row).parked


def test_one_runner_at_a_time(town: Town, there: Receiver) -> None:
    row, _ = subscribe(town, there.url)
    town.to("filed")
    sequence()
    assert actions.claim(at=real_now(), most=8) == [row.pk]
    assert actions.claim(at=real_now(), most=8) == []
    assert actions.claim(at=real_now() + actions.LEASE + 1, most=8) == [row.pk]  # whoever had it has died


@pytest.mark.django_db(transaction=True)  # it delivers in threads of its own
def test_the_steward_is_not_held_up_by_one_that_hangs(town: Town, there: Receiver) -> None:
    import time

    there.mood = "hang"
    slow, _ = subscribe(town, there.url)
    quick_there = Receiver()
    quick, _ = subscribe(town, quick_there.url)
    town.to("filed")
    sequence()
    try:
        started = time.monotonic()
        assert tasks.deliver() == 2
        assert time.monotonic() - started < 0.5
        until = time.monotonic() + 10
        while len(quick_there.got) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(quick_there.got) == 2
        while (tasks._running or now(slow).leased) and time.monotonic() < until:
            time.sleep(0.05)
        assert now(slow).tries == 1
    finally:
        quick_there.stop()


def test_waits_double_and_are_spread() -> None:
    waits = [[rules.wait(n) for _ in range(50)] for n in (1, 2, 3, 40)]
    assert all(4e6 <= w <= 6e6 for w in waits[0]) and all(16e6 <= w <= 24e6 for w in waits[2])
    assert max(waits[3]) <= 3600e6 * 1.2 and len(set(waits[0])) > 10


INSIDE = [
    "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.5.5", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
    "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "224.0.0.1", "ff02::1", "240.0.0.1",
    "255.255.255.255", "64:ff9b::a00:1", "2002:a00:1::", "192.0.2.1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("ip", INSIDE)
def test_own_networks_are_known(ip: str) -> None:
    assert not rules.is_public(ip)


@pytest.mark.parametrize("ip", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"])
def test_the_open_internet_is_known(ip: str) -> None:
    assert rules.is_public(ip)


@pytest.mark.parametrize(
    "url",
    ["", "x", "http://example.org/", "ftp://example.org", "https://", "https://u:p@example.org/", "https://a b/",
     "https://example.org:99999/", "https://example.org:0/", "https://example.org\\@127.0.0.1/", "javascript:1",
     "https://[::1", "https://例子.org/", "file:/etc/passwd", "https://a\nb/", "gopher://x"],
)  # fmt: skip
def test_strange_addresses_are_refused(url: str) -> None:
    with pytest.raises(Refusal) as refused:
        rules.address(url, inside=False)
    assert refused.value.field == "url"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433", "127.1"])
def test_nothing_is_sent_to_own_networks(there: Receiver, host: str) -> None:
    """However the address is written; the name is looked up once, and the address judged is the one used."""
    line = Line(f"https://{host}:{there.port}/", inside=False, seconds=1.0)
    assert line.send(b"{}", {}).taken is False and there.seen == 0
    assert "own" in line.send(b"{}", {}).error or host.startswith("0x")


def test_secrets_are_kept_sealed_and_renewed(town: Town, there: Receiver, city_secret: Secret) -> None:
    row, secret = subscribe(town, there.url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM hooks_subscription")
        assert secret not in str(cursor.fetchone())
    city_secret.change()
    renew_keys()
    city_secret.drop_old()
    town.to("collected")
    deliver(row)
    headers, body = there.got[0]
    stamp = int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == signing.signature(secret, headers["webhook-id"], stamp, body)


def test_old_deliveries_are_forgotten(town: Town, there: Receiver) -> None:
    row, _ = subscribe(town, there.url)
    town.to("filed")
    deliver(row)
    assert actions.forget_deliveries(at=real_now()) == 0
    assert actions.forget_deliveries(at=real_now() + 31 * DAY) == 2


def test_an_account_has_at_most_twenty(town: Town, there: Receiver) -> None:
    for number in range(actions.MOST):
        subscribe(town, f"{there.url}?{number}")
    with pytest.raises(Refusal, match="at most 20"):
        subscribe(town, there.url)
