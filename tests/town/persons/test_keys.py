"""Access keys: what they are good for, and their end."""

import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.town.persons import actions, queries

BY = Actor(kind="rule", role="rule", name="test")
DAY = 86_400_000_000


@pytest.fixture
def account(db):
    person = actions.register_person(name="A B", at=1)
    return actions.open_account(person=person, username="ab", password="a long enough secret", by=BY, at=1)


def made(account, **more):
    return actions.make_access_key(account=account, label="x", days=1, by=BY, at=DAY, **more)


def test_a_key_says_what_it_is_good_for(account):
    key = made(account, scopes=["report", "read", "read"], per_minute=7)
    found = queries.access_of(key, DAY)
    assert (found.account.pk, found.scopes, found.per_minute) == (account.pk, {"read", "report"}, 7)
    assert queries.access_of(key, 2 * DAY) is None
    assert queries.access_of(key + "x", DAY) is None


@pytest.mark.parametrize("scopes", [[], ["everything"], ["read", "nul\0"]])
def test_a_key_is_good_for_something_known(account, scopes):
    with pytest.raises(Refusal) as refused:
        made(account, scopes=scopes)
    assert refused.value.field == "scopes"


def test_a_key_ends_at_once(account):
    key = made(account)
    row = queries.keys_of(account).get()
    actions.end_access_key(key=row, by=BY, at=DAY + 5)
    assert queries.access_of(key, DAY + 5) is None
    assert queries.access_of(key, DAY + 4) is not None
