"""Each fault of a city file is told, with its key and line, before anything is written."""

from pathlib import Path

import pytest

from cityloop.ground.kit.plate import Problem
from cityloop.town.founding.checks import Checked, check
from cityloop.town.founding.reading import read
from tests.town.founding.city import GOOD, city_file

pytestmark = pytest.mark.once

TWICE = '\n[[accounts]]\nuser = "engineer"\n'
CIRCLE = '\n[[organisations]]\nkey = "a"\nnames = { en = "A", zh-hans = "甲" }\nparent = "a"\n'
# what is replaced, by what, what is added, the key that must be named, the code
BROKEN = [
    ('case_prefix = "SV"', 'case_prefix = "sv"', "", "city.case_prefix", "shape.string_pattern_mismatch"),
    ('zone = "Asia/Shanghai"', 'zone = "Asia/Nowhere"', "", "city.zone", "worktime.zone.unknown"),
    ('languages = ["zh-hans", "en"]', 'languages = ["fr"]', "", "city.languages", "founding.language.unknown"),
    (', zh-hans = "小城" }', " }", "", "city.names", "founding.names"),
    ('code = "1001"', 'code = "10"', "", "city.code", "units.map"),
    ('["grid", 3]]', '["cell", 3]]', "", "", "shape.value_error"),
    ('["city", 4], ["district", 2]', '["city", 4], ["district", 0]', "", "codes.levels", "codes.levels"),
    ('["grid", 3]]', '["grid", 3]]\nalphabet = "10"', "", "codes.alphabet", "codes.alphabet"),
    ('"grid.geojson", key', '"lost.geojson", key', "", "levels[1].source.file", "units.source"),
    ('"grid.geojson", key = "key"', '"grid.geojson", key = "id"', "", "levels[1].source.key", "units.source"),
    ('property = "parent"', 'property = "above"', "", "levels[0].up", "units.map.orphans"),
    ('up = { property = "parent" }', "", "", "", "shape.value_error"),
    ('title = { en = "{key}" }', 'title = { en = "{label}" }', "", "levels[1].title", "founding.title"),
    ('country = "CN"', 'country = "ZZ"', "", "calendar.country", "worktime.country.unknown"),
    ('"08:00-12:00", "14', '"08:00-15:00", "14', "", "calendar.hours", "worktime.shifts.overlap"),
    ('workdays = ["2018-09-29"]', 'workdays = ["29.9.2018"]', "", "calendar.workdays[0]", "calendar.date"),
    ('plates = ["municipal"]', 'plates = ["municipal", "munizipal"]', "", "plates[1]", "founding.plate.unknown"),
    ('plates = ["municipal"]', 'plates = ["municipal", "municipal"]', "", "plates[1]", "founding.plate.twice"),
    ('plates = ["municipal"]', 'plates = ["municipal", "./mine"]', "", "plates[1]", "file.missing"),
    ('parent = "urban_management"', 'parent = "rural"', "", "organisations[0].parent", "founding.parent.unknown"),
    ('key = "street-office"', 'key = "river-office"', "", "organisations[2].key", "orgs.key.taken"),
    ("", "", CIRCLE, "organisations[3].parent", "orgs.parent.circle"),
    ('role = "city_engineer"', 'role = "mayor"', "", "accounts[0].posts[0].role", "orgs.role.unknown"),
    ('unit = "100102"', 'unit = "100109"', "", "accounts[1].posts[1].unit", "units.code.unknown"),
    ('unit = "100102"', 'unit = "100101"', "", "accounts[1].posts[1]", "orgs.holding.held"),
    ("", "", TWICE, "accounts[2].user", "persons.username.taken"),
    ('name = "Emma Engineer"', 'nome = "Emma"', "", "accounts[0].nome", "shape.extra_forbidden"),
    ("", "", "\n[weather]\nrain = true\n", "weather", "shape.extra_forbidden"),
    ("[calendar]", "[calendar", "", "", "file.syntax"),
]  # fmt: skip


PLATE = 'version = "1.0.0"\nnames = { en = "P", zh-hans = "P" }\n'


def _type(code: str, subclass: str) -> str:
    words = 'class = "01"\nnames = { en = "T", zh-hans = "T" }\nresponsible = "sanitation"\n'
    return f'\n[[components]]\ncode = "{code}"\nsubclass = "{subclass}"\n{words}'


def _org(key: str, parent: str = "") -> str:
    under = f'parent = "{parent}"\n' if parent else ""
    return f'\n[[organisations]]\nkey = "{key}"\nnames = {{ en = "O", zh-hans = "O" }}\n{under}'


# what a plate of the city's own holds, and another, the key that must be named, the codes
CLASHING = [
    ("one", _type("kiosk", "77"), "two", _type("stall", "077"), "plates", "catalog.component.twice"),
    ("one", _type("kiosk", "77"), "two", _type("kiosk", "78"), "plates", "components.type.twice"),
    ("one", "", "two", _org("smallville"), "city.key", "orgs.key.taken"),
    ("one", "", "two", _org("office", "nowhere"), "plates", "founding.parent.unknown"),
    ("one", _org("east", "west"), "two", _org("west", "east"), "plates", "orgs.parent.circle"),
    ("one", "", "one", "", "plates[2]", "founding.plate.twice"),
]


def _checked(path: Path) -> Checked:
    return check(read(path))


def test_a_good_file_has_no_problems_and_says_what_it_comes_to(tmp_path: Path) -> None:
    done = _checked(city_file(tmp_path))
    assert done.draft.problems == []
    assert done.units == {"city": 1, "district": 2, "grid": 4}
    assert [plate.key for plate in done.plates] == ["municipal"]


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = city_file(tmp_path)
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert _checked(path).draft.problems == []


@pytest.mark.parametrize(("old", "new", "more", "key", "code"), BROKEN, ids=[f"{b[3]}-{b[4]}" for b in BROKEN])
def test_a_fault_is_named_by_its_key(tmp_path: Path, old: str, new: str, more: str, key: str, code: str) -> None:
    problems = _checked(city_file(tmp_path, old, new, more)).draft.problems
    assert [(problem.key, problem.code) for problem in problems] == [(key, code)], "\n".join(map(str, problems))
    assert problems[0].file == "city.toml" and problems[0].message


@pytest.mark.parametrize(("one", "has", "two", "has_too", "key", "code"), CLASHING, ids=[c[5] for c in CLASHING])
def test_what_plates_do_to_each_other_is_told(
    tmp_path: Path, one: str, has: str, two: str, has_too: str, key: str, code: str
) -> None:
    for folder, name, what in (("a", one, has), ("b", two, has_too)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "plate.toml").write_text(f'key = "{name}"\n{PLATE}{what}')
    problems = _checked(city_file(tmp_path, '["municipal"]', '["municipal", "./a", "./b"]')).draft.problems
    assert {(problem.key, problem.code) for problem in problems} == {(key, code)}, "\n".join(map(str, problems))


def test_a_circle_over_the_citys_own_organisation_and_a_plates_is_told(tmp_path: Path) -> None:
    problems = _checked(city_file(tmp_path, more=_org("urban_management", "sanitation"))).draft.problems
    assert ("organisations[3].parent", "orgs.parent.circle") in [(one.key, one.code) for one in problems]


def test_a_problem_stands_at_its_line(tmp_path: Path) -> None:
    problem: Problem = _checked(city_file(tmp_path, '"Asia/Shanghai"', '"Nowhere"')).draft.problems[0]
    assert GOOD.splitlines()[problem.line - 1].startswith("zone = ")


def test_the_file_of_the_how_to_has_its_shape(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "bring-your-own-city.md").read_text()
    path = tmp_path / "city.toml"
    path.write_text(page.split("```toml\n")[1].split("```")[0])
    problems = _checked(path).draft.problems
    assert [problem.key for problem in problems] == ["levels[0].source.file"], "only the boundaries are not there"


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = city_file(tmp_path)
    text = path.read_text()
    faults = {
        "SV": "sv", 'role = "city_engineer"': 'role = "mayor"', '"CN"': '"ZZ"', "municipal": "x",
        '["2018-09-29"]': '["29.9.2018", "2018-09-30", "30.9.2018"]',
    }  # fmt: skip
    for old, new in faults.items():
        text = text.replace(old, new, 1)
    path.write_text(text)
    keys = {problem.key for problem in _checked(path).draft.problems}
    assert keys >= {
        "city.case_prefix", "accounts[0].posts[0].role", "calendar.country", "plates[0]",
        "calendar.workdays[0]", "calendar.workdays[2]",
    }  # fmt: skip


def test_a_wrong_zone_hides_nothing_of_the_calendar(tmp_path: Path) -> None:
    path = city_file(tmp_path, "Asia/Shanghai", "Asia/Nowhere")
    path.write_text(path.read_text().replace('"CN"', '"ZZ"'))
    assert {problem.key for problem in _checked(path).draft.problems} == {"city.zone", "calendar.country"}
