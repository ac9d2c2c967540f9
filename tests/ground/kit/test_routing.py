import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.routing import CITY, Assist, Rule, Table, route

pytestmark = pytest.mark.once

PATTERNS = st.sampled_from(["*", "a*", "a.b*", "a.b", "a.bc", "b", "b*"])
UNITS = st.sampled_from(["", "1", "11", "111", "12", "2"])


def rules_strategy():
    lines = st.tuples(PATTERNS, UNITS, st.sampled_from([0, 1]))
    return st.lists(lines, unique=True, max_size=25).map(
        lambda found: [Rule(m, u, f"org{i}", layer=layer) for i, (m, u, layer) in enumerate(found)]
    )


@given(rules_strategy(), st.sampled_from(["a", "a.b", "a.bc", "a.x", "b", "bb", "c"]), UNITS)
def test_agrees_with_the_plain_definition(rules, matter, unit):
    matching = sorted((r for r in rules if r.matches(matter, unit)), key=Rule.rank, reverse=True)
    answer = Table(rules).route(matter, unit)
    assert list(answer.why) == matching
    assert answer.lead == (matching[0].lead if matching else "")


@given(rules_strategy(), st.randoms())
def test_order_of_the_rules_does_not_matter(rules, random):
    mixed = list(rules)
    random.shuffle(mixed)
    for matter in ("a", "a.b", "b"):
        assert Table(rules).route(matter, "111") == Table(mixed).route(matter, "111")


def test_the_matter_decides_before_the_place():
    rules = [Rule("*", "31", "district"), Rule("water.main", "", "water_company", (Assist("police", 2),))]
    answer = route(rules, "water.main", "31005")
    assert answer.lead == "water_company"
    assert answer.assisting == (Assist("police", 2),)
    assert route(rules, "litter", "31005").lead == "district"
    assert [rule.lead for rule in answer.why] == ["water_company", "district"]


def test_the_city_wins_over_a_plate_that_is_equally_specific():
    rules = [Rule("litter", "3", "plate_org"), Rule("litter", "3", "city_org", layer=CITY)]
    assert route(rules, "litter", "31").lead == "city_org"


def test_two_rules_that_say_the_same_are_refused():
    with pytest.raises(Refusal) as caught:
        Table([Rule("litter", "3", "one"), Rule("litter", "3", "two")])
    assert caught.value.field == "responsibility"


def test_no_rule_is_said_plainly():
    answer = route([], "litter", "31")
    assert (answer.lead, answer.why) == ("", ())


def test_a_look_up_does_not_walk_the_rules():
    def cost(count):
        table = Table([Rule(f"m{i % 200}", f"{i:06}"[: i % 6 + 1], "x", layer=0) for i in _distinct(count)])
        best = 1.0
        for _ in range(5):
            start = time.perf_counter()
            for _ in range(2000):
                table.route("m7", "000007")
            best = min(best, time.perf_counter() - start)
        return best / 2000

    assert cost(20_000) < 5 * cost(200) + 20e-6


def _distinct(count):
    seen = set()
    for i in range(count):
        key = (i % 200, f"{i:06}"[: i % 6 + 1])
        if key not in seen:
            seen.add(key)
            yield i
