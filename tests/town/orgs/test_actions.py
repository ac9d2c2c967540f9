import pytest
from django.db import IntegrityError, transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.ledger.models import Step
from cityloop.town.orgs import actions, queries
from cityloop.town.orgs.models import Holding, Organisation
from tests.town.staff import AT, BY, both, make_account, make_city, make_org, make_post

pytestmark = pytest.mark.django_db


def test_the_tree_keeps_its_paths():
    city = make_city()
    water = make_org("water", city)
    pipes = make_org("pipes", water)
    assert (water.path, pipes.path) == (f"/{city.pk}/{water.pk}/", f"/{city.pk}/{water.pk}/{pipes.pk}/")
    assert (city.actor_path, water.actor_path) == ("", water.path)
    assert set(queries.below(water.path)) == {water, pipes}


def test_a_move_takes_all_below_along_and_is_on_the_ledger():
    city = make_city()
    water, works = make_org("water", city), make_org("works", city)
    pipes = make_org("pipes", water)
    before = queries.revision()
    actions.move_organisation(organisation=water, parent=works, by=BY, at=AT)
    pipes.refresh_from_db()
    assert pipes.path == f"/{city.pk}/{works.pk}/{water.pk}/{pipes.pk}/"
    assert queries.revision() > before
    assert Step.objects.filter(subject=f"organisation:{water.pk}", what="moved").exists()


def test_no_circles():
    city = make_city()
    water = make_org("water", city)
    pipes = make_org("pipes", water)
    for organisation, parent in ((water, pipes), (water, water), (city, water)):
        with pytest.raises(Refusal) as caught:
            actions.move_organisation(organisation=organisation, parent=parent, by=BY, at=AT)
        assert caught.value.field == "parent"


def test_there_is_one_city():
    city = make_city()
    with pytest.raises(Refusal):
        actions.found_city(key="other", names=both("x"), by=BY, at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Organisation.objects.create(key="other", kind="government", path="/x/")
    with pytest.raises(Refusal):
        actions.set_active(organisation=city, active=False, by=BY, at=AT)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("key", {"key": "water"}),
        ("key", {"key": "Has Spaces"}),
        ("kind", {"kind": "club"}),
        ("credit_code", {"credit_code": "91350100M000100Y44"}),
    ],
)
def test_wrong_organisations_are_refused_and_leave_nothing(field, changes):
    city = make_city()
    make_org("water", city)
    before = (Organisation.objects.count(), Step.objects.count())
    good = {"key": "new", "names": both("x"), "kind": "enterprise", "parent": city, "by": BY, "at": AT}
    with pytest.raises(Refusal) as caught:
        actions.add_organisation(**{**good, **changes})
    assert caught.value.field == field
    assert (Organisation.objects.count(), Step.objects.count()) == before


def test_posts_have_known_roles_and_levels():
    city = make_city()
    for field, wrong in (("role", {"role": "king"}), ("level", {"role": "inspector", "level": 4})):
        with pytest.raises(Refusal) as caught:
            actions.add_post(organisation=city, by=BY, at=AT, **wrong)
        assert caught.value.field == field


def test_holdings_do_not_overlap_and_end():
    post, account = make_post(make_city(), "inspector"), make_account()
    holding = actions.appoint(account=account, post=post, by=BY, at=AT, valid_to=AT + 10)
    with pytest.raises(Refusal):
        actions.appoint(account=account, post=post, by=BY, at=AT + 9)
    actions.appoint(account=account, post=post, by=BY, at=AT + 10)
    actions.dismiss(holding=holding, by=BY, at=AT + 5)
    assert queries.holders(post.pk, AT + 4) == [account.pk]
    assert queries.holders(post.pk, AT + 5) == []
    with pytest.raises(Refusal):
        actions.dismiss(holding=holding, by=BY, at=AT + 6)


def test_a_holding_that_has_not_begun_is_taken_back():
    post, account = make_post(make_city(), "inspector"), make_account()
    holding = actions.appoint(account=account, post=post, by=BY, at=AT, valid_from=AT + 100)
    actions.dismiss(holding=holding, by=BY, at=AT + 5)
    assert not Holding.objects.exists()
