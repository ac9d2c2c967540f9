"""The demo city: made once, opened at noon, fed as its clock goes on, whatever visitors do meanwhile."""

import json
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from cityloop.demo import accounts, city
from cityloop.demo.feed import Feed
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import actions as cases
from cityloop.loops.cases import loop
from cityloop.loops.cases.models import Case
from cityloop.loops.cases.rebuilding import differences
from cityloop.town.calendar import queries as calendar
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import queries as catalog
from cityloop.town.ledger.actions import sequence
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import verify
from cityloop.town.orgs import authority
from cityloop.town.orgs.models import Organisation
from cityloop.town.orgs.roles import ROLES
from cityloop.town.persons.models import Account
from cityloop.town.units import queries as units
from cityloop.town.units.models import City

pytestmark = pytest.mark.xdist_group("demo city")
HOUR = 3_600_000_000
REQUESTS, MORNING = 6_765, 2_752  # up to noon, noon included


def forget() -> None:
    for keeper in (units, calendar, catalog, loop):
        keeper.forget()
    city_clock.restart()


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The demo city, made once for all tests of this file in a transaction that is taken back."""
    folder = tmp_path_factory.mktemp("demo")
    with django_db_blocker.unblock(), transaction.atomic():
        forget()
        city.prepare(folder, speed=60, reset=False)
        yield folder
        transaction.set_rollback(True)


@pytest.fixture
def home(made: Path, db: None) -> Iterator[Path]:
    forget()
    yield made
    forget()


def closed_on_time() -> Counter[bool]:
    ends = dict(Step.objects.filter(kind="case", what="close", origin="replay").values_list("subject", "at"))
    return Counter(ends.get(c.subject) == c.closed for c in Case.objects.filter(state="closed"))


def test_it_is_made_once_and_opens_at_noon(home: Path):
    opened()
    accounted(home)
    made_again(home)
    City.objects.update(key="elsewhere")
    with pytest.raises(Refusal) as refused:
        city.prepare(home, speed=60, reset=True)
    assert refused.value.code == "demo.other_city"


def opened() -> None:
    """The morning is in the loop, and nothing of the afternoon."""
    assert City.objects.get().kind == "replay"
    face = city_clock.face()
    assert face.driven and face.speed == 60 and city.OPENING <= face.now < city.OPENING + HOUR
    assert Case.objects.count() == MORNING
    assert not Case.objects.filter(at__gt=city.OPENING).exists()
    states = set(Case.objects.values_list("state", flat=True))
    assert {"collected", "filed", "dispatched", "handling", "checking", "closed"} <= states
    assert not Case.objects.filter(matter="").exists()
    assert list(verify()) == []


def accounted(home: Path) -> None:
    """There is an account for every role, in a file for its owner alone."""
    path = home / accounts.FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows = json.loads(path.read_text())
    assert {row["role"] for row in rows} == set(ROLES)
    assert Account.objects.get(username=rows[0]["user"]).check_password(rows[0]["password"])
    agencies = Organisation.objects.filter(key__in=["nypd", "hpd", "dsny"])
    assert all(org.names["zh-hans"] != org.names["en"] for org in agencies)


def made_again(home: Path) -> None:
    """Preparing it a second time changes nothing but the speed."""
    before, steps = (home / accounts.FILE).read_bytes(), Step.objects.filter(kind="case").count()
    city.prepare(home, speed=120, reset=False)
    assert (home / accounts.FILE).read_bytes() == before
    assert Step.objects.filter(kind="case").count() == steps
    assert city_clock.face().speed == 120
    assert city_clock.now() >= city.OPENING


def test_the_day_goes_on_around_its_visitors(home: Path):
    feed = Feed(city.OPENING)
    at = city.OPENING + HOUR
    feed.tick(at)
    visited = visit(at)
    feed = Feed(at)  # as after a restart
    while at < city.END + 12 * HOUR:
        at += 2 * HOUR
        while feed.tick(at):
            pass
    sequence()
    assert feed.coming == []
    assert Case.objects.filter(origin="replay").count() == REQUESTS
    row = Case.objects.get(pk=visited)
    assert row.state == "handled"
    assert Step.objects.filter(subject=row.subject).order_by("seq").values_list("origin", flat=True).last() == "live"
    assert set(closed_on_time()) == {True}
    assert list(verify()) == []
    assert list(differences(iter(Case.objects.filter(pk__in=[visited])))) == []
    assert list(differences(iter(Case.objects.order_by("pk")[::251]))) == []


def visit(at: int) -> int:
    """Report back on a replayed case as an officer of its lead organisation, as a visitor would."""
    officer = authority.actors(Account.objects.get(username="nypd"), at)[0]
    row = Case.objects.filter(state="handling", lead_org=officer.org, source_status="Closed").first()
    assert row is not None
    cases.take(case=row.pk, act=Act("report_back", {"words": "Done"}), by=officer, at=at)
    return row.pk
