"""Lines of responsibility follow a reform of units once; where two that differ meet the first holds, and is told of."""

import json

import pytest

from cityloop.ground.kit.manifest import Responsibility
from cityloop.town.catalog import queries, reforms
from cityloop.town.catalog.actions import publish
from cityloop.town.ledger.queries import steps
from cityloop.town.units.events import UnitsRenumbered
from tests.town.catalog.plates import municipal
from tests.town.staff import AT, BY, make_city

pytestmark = pytest.mark.django_db
LATER = AT + 1


def own(*wanted: tuple[str, str, str]) -> set[tuple[str, str, str]]:
    """Publish the city's own lines beside the plate's, or give those that are published."""
    if wanted:
        lines = [Responsibility.model_validate({"matter": m, "unit": u, "lead": lead}) for m, u, lead in wanted]
        make_city()
        publish(plates=[municipal()], city=lines, by=BY, at=AT)
    return {(line.matter, line.unit, line.lead) for line in queries.published().lines}


def test_of_a_unit_that_became_several_a_line_becomes_one_for_each() -> None:
    own(("0110", "3101", "cleaning"), ("0401", "", "cleaning"))
    event = UnitsRenumbered(mapping={}, at=LATER, became={"3101": ("3104", "3105")}, reform=1)
    assert reforms.follow(event) == 1
    after = {("0110", "3104", "cleaning"), ("0110", "3105", "cleaning"), ("0401", "", "cleaning")}
    assert own() == after
    assert reforms.follow(event) == 0 and own() == after


def test_codes_that_are_swapped_are_swapped_and_a_plates_lines_follow_too() -> None:
    own(("0110", "3101", "cleaning"), ("0110", "3102", "sweepers"))
    swapped = {"3101": "3102", "3102": "3101", "31": "32"}
    assert reforms.follow(UnitsRenumbered(mapping=swapped, at=LATER, reform=1)) == 3
    assert own() == {("0110", "3102", "cleaning"), ("0110", "3101", "sweepers")}
    (plate,) = queries.published().plates
    assert {line.unit for line in plate.responsibility} == {"", "32"}
    assert queries.current().route("0110", "3299").lead.key == "sweepers"


def test_where_lines_that_differ_meet_the_first_holds_and_the_ledger_names_the_other() -> None:
    own(("0110", "3101", "cleaning"), ("0110", "3102", "sweepers"), ("0401", "3101", "cleaning"))
    both = {"3101": ("3103",), "3102": ("3103",)}
    assert reforms.follow(UnitsRenumbered(mapping={}, at=LATER, became=both, reform=1)) == 3
    assert own() == {("0110", "3103", "cleaning"), ("0401", "3103", "cleaning")}
    last = list(steps(queries.SUBJECT))[-1]
    assert last.what == "followed_units" and json.loads(last.data)["left_out"] == "0110 3102 sweepers"


def test_a_reform_that_touches_no_line_publishes_nothing() -> None:
    own(("0110", "3101", "cleaning"))
    before = queries.last_digest()
    assert reforms.follow(UnitsRenumbered(mapping={"3109": "3108"}, at=LATER, reform=1)) == 0
    assert queries.last_digest() == before
