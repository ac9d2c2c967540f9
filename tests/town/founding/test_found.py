"""A checked file becomes a city, whole or not at all."""

from pathlib import Path

import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.town.calendar import queries as calendar
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import queries as catalog
from cityloop.town.founding import actions
from cityloop.town.founding.checks import Checked, check
from cityloop.town.founding.reading import read
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import authority, queries
from cityloop.town.orgs.models import Organisation
from cityloop.town.persons.models import Account
from cityloop.town.units.models import City, Unit
from tests.town.founding.city import city_file

pytestmark = pytest.mark.django_db
AT = 1_540_137_600_000_000
BY = Actor(kind="rule", role="rule", name="test")


def _found(path: Path) -> tuple[Checked, actions.Founded]:
    checked = check(read(path))
    return checked, actions.found(checked=checked, by=BY, at=AT, real=AT)


def test_everything_of_the_file_is_there(tmp_path: Path) -> None:
    _checked, made = _found(city_file(tmp_path))
    city = City.objects.get()
    assert (made.city, city.names["zh-hans"], city.languages) == ("smallville", "小城", ["zh-hans", "en"])
    assert Unit.objects.filter(kind=Unit.NORMAL, is_leaf=True).count() == 4
    assert queries.organisation("river-office").parent == queries.organisation("urban_management")
    assert queries.organisation("street-office").parent == queries.organisation("district-office")
    assert catalog.current().matters
    row = calendar.calendar_named("city")
    assert row is not None and row.country == "CN" and row.shifts[0] == [["08:00", "12:00"], ["14:00", "18:00"]]
    assert row.shifts[5] == [] and row.workdays == {"2018-09-29": None}
    assert str(city_clock.zone) == "Asia/Shanghai"


def test_the_first_accounts_can_sign_in_and_act(tmp_path: Path) -> None:
    _checked, made = _found(city_file(tmp_path))
    ines = Account.objects.get(username="ines")
    assert ines.check_password({row["user"]: row["password"] for row in made.accounts}["ines"])
    assert ines.language == "en" and Account.objects.get(username="engineer").language == "zh-hans"
    held = queries.held(ines, "inspector", AT)
    assert sorted((holding.post.unit_code, holding.post.level) for holding in held) == [("100101", 2), ("100102", 2)]
    assert {actor.role for actor in authority.actors(ines, AT)} == {"inspector"}


def test_a_city_may_give_an_organisation_of_a_plate_its_own_name(tmp_path: Path) -> None:
    own = '\n[[organisations]]\nkey = "sanitation"\nnames = { en = "Cleaners", zh-hans = "环卫所" }\n'
    under = 'parent = "urban_management"\n'  # which only the plate brings
    _found(city_file(tmp_path, more=own + under))
    cleaners = queries.organisation("sanitation")
    assert cleaners.names["en"] == "Cleaners" and cleaners.parent == queries.organisation("urban_management")


def test_what_breaks_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(**_given: object) -> None:
        raise Refusal("test.broken", "The last account cannot be opened.")

    before = Step.objects.count()
    monkeypatch.setattr(actions, "open_account", break_down)
    with pytest.raises(Refusal, match="cannot be opened"):
        _found(city_file(tmp_path))
    assert not City.objects.exists() and not Organisation.objects.exists() and not Unit.objects.exists()
    assert Step.objects.count() == before


def test_a_file_with_a_problem_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        _found(city_file(tmp_path, '"CN"', '"ZZ"'))
    assert refused.value.code == "founding.problems" and not City.objects.exists()


def test_a_second_city_is_refused(tmp_path: Path) -> None:
    path = city_file(tmp_path)
    _found(path)
    with pytest.raises(Refusal) as refused:
        _found(path)
    assert refused.value.code == "founding.exists" and City.objects.count() == 1
