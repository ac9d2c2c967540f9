"""What a matter asks for before filing: proof comes first, and where nobody asks for it the intake desk does not."""

import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases import queries
from cityloop.loops.cases.models import Case
from cityloop.town.catalog import actions as catalog
from cityloop.town.units import queries as units
from cityloop.town.units.models import City
from tests.loops.cases.smallville import PLATE, Town
from tests.town.staff import BY


@pytest.fixture
def asking(town: Town) -> Town:
    """A town whose trees must be proved; holes need not."""
    matters = tuple(m.model_copy(update={"stages": ("proving",) if m.code == "tree" else ()}) for m in PLATE.matters)
    catalog.publish(plates=[PLATE.model_copy(update={"matters": matters})], by=BY, at=town.at)
    return town


def open_to(town: Town, case: int, *who: str) -> tuple[set[str], set[str]]:
    """Give the actions offered and those told as not open."""
    offered, denied = queries.open_to(Case.objects.get(pk=case), tuple(map(town.actor, who)), town.at)
    return {one.action for one in offered}, {one.action for one in denied}


def refused(town: Town, case: int, action: str, who: str, **data: object) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as error:
        town.take(case, action, who, **data)
    return error.value.code, error.value.field


def test_what_must_be_proved_is_filed_once_it_was(asking: Town) -> None:
    case = asking.collect().case
    for who in ("intake", "shift"):
        assert refused(asking, case, "file", who) == ("loop.proof.first", "matter")
    assert "prove" in open_to(asking, case, "intake")[0]
    asking.take(case, "prove", "intake")
    asking.take(case, "proved", "inspector", words="It lies there")
    asking.take(case, "file", "intake")
    assert Case.objects.get(pk=case).state == "filed"


def test_another_matter_may_be_named_at_filing(asking: Town) -> None:
    """A hole that was reported as a tree; and a tree reported as a hole is no way round."""
    hole, tree = asking.collect().case, asking.collect(matter="hole").case
    assert "file" in open_to(asking, hole, "intake")[0]
    asking.take(hole, "file", "intake", matter="hole")
    assert refused(asking, tree, "file", "intake", matter="tree") == ("loop.proof.first", "matter")


def test_where_nobody_asks_for_proof_only_a_shift_leader_does(asking: Town) -> None:
    case = asking.collect(matter="hole").case
    offered, denied = open_to(asking, case, "intake")
    assert "prove" in denied - offered
    assert refused(asking, case, "prove", "intake")[0] == "loop.proof.unasked"
    assert "prove" in open_to(asking, case, "intake", "shift")[0], "in the post that may"
    asking.take(case, "prove", "shift")
    asking.take(case, "proved", "inspector", words="It is deep")
    asking.take(case, "file", "shift")


def test_of_a_matter_not_yet_named_nobody_can_say(asking: Town) -> None:
    case = asking.collect(matter="").case
    assert "prove" in open_to(asking, case, "intake")[0]
    asking.take(case, "prove", "intake")


def test_a_city_without_the_stage_files_without_it(asking: Town) -> None:
    City.objects.update(loop_profile="small_town")
    units.forget()
    case = asking.collect().case
    asking.take(case, "file", "shift")
    assert Case.objects.get(pk=case).state == "filed"
