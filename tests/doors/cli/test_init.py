"""`cityloop init`, by a file and by answers, as it is typed."""

import json
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cityloop.doors.cli.init import init
from cityloop.ground.kit.toml import written
from cityloop.town.calendar.queries import calendar_named
from cityloop.town.founding.reading import read
from cityloop.town.orgs.models import Organisation
from cityloop.town.persons.models import Account
from cityloop.town.units.models import City, Unit
from tests.doors.cli.test_units import _cityloop
from tests.town.founding.city import city_file
from tests.town.units.test_real_cities import SHENZHEN

CITY_OF_SHENZHEN = f"""
plates = ["municipal"]
{SHENZHEN.replace("1500", "4000")}
[calendar]
country = "CN"
[[accounts]]
user = "gao"
posts = [{{ role = "inspector", organisation = "supervision_centre", unit = "440303" }}]
"""


@pytest.mark.once
def test_an_empty_folder_becomes_a_city(tmp_path: Path) -> None:
    home = tmp_path / "home"
    path = city_file(tmp_path, '"CN"', '"ZZ"')
    code, said = _cityloop(home, "init", str(path))
    assert (code, [problem["key"] for problem in said["problems"]]) == (1, ["calendar.country"])
    assert _cityloop(home, "check")[1]["error"]["code"] == "cli.migrate", "not even tables were made"
    path = city_file(tmp_path)
    code, made = _cityloop(home, "init", str(path))
    assert (code, made["plates"], len(made["accounts"])) == (0, ["municipal"], 2)
    assert made["missing"] > 0
    code, said = _cityloop(home, "init", str(path))
    assert (code, said["error"]["code"]) == (2, "founding.exists")


@pytest.mark.django_db
def test_boundaries_in_gcj02_are_cut_into_a_grid(tmp_path: Path, shared_data: Path) -> None:
    name = "cn_440300_districts.geojson.gz"
    (tmp_path / name).write_bytes((shared_data / "boundaries" / name).read_bytes())
    (tmp_path / "city.toml").write_text(CITY_OF_SHENZHEN)
    done = CliRunner().invoke(init, [str(tmp_path / "city.toml"), "--json"], standalone_mode=False)
    assert done.return_value == 0, done.output
    assert json.loads(done.output)["units"]["district"] == 9
    luohu = Unit.objects.get(code="440303")
    assert luohu.lon is not None and 114.10 < luohu.lon < 114.20, "in WGS 84, some 500 m west of where GCJ-02 has it"


@pytest.mark.django_db
def test_the_city_without_boundaries_of_the_guide(tmp_path: Path) -> None:
    guide = Path(__file__).parents[3] / "docs" / "how-to" / "bring-your-own-city.md"
    section = guide.read_text(encoding="utf-8").partition("### A city without boundaries")[2]
    for name, kind in (("city.geojson", "json"), ("city.toml", "toml")):
        (tmp_path / name).write_text(section.partition(f"```{kind}\n")[2].partition("```")[0], encoding="utf-8")
    done = CliRunner().invoke(init, [str(tmp_path / "city.toml"), "--json"], standalone_mode=False)
    assert done.return_value == 0, done.output  # without a plate too: it may be there for its past alone
    made = json.loads(done.output)
    assert (made["units"]["whole"], made["units"]["grid"] > 900, made["missing"]) == (1, True, 0)


@pytest.mark.django_db
def test_a_grid_alone_is_told_what_to_do(tmp_path: Path) -> None:
    lone = """
[city]
key = "x"
names = { en = "X", zh-hans = "X" }
code = "1001"
zone = "UTC"
case_prefix = "X"
[codes]
levels = [["city", 4], ["grid", 4]]
[[levels]]
name = "grid"
names = { en = "Grid", zh-hans = "Grid" }
grid = { cell_m = 1000 }
title = { en = "{row}-{column}", zh-hans = "{row}-{column}" }
"""
    (tmp_path / "city.toml").write_text(lone)
    done = CliRunner().invoke(init, [str(tmp_path / "city.toml"), "--check"], standalone_mode=False)
    assert done.return_value == 1
    assert "one polygon of the whole city is enough" in done.output


ANSWERS = {
    "Languages": "zh-hans, en", "in 简体中文": "小城", "in English": "Small Town", "Country": "CN", "Key": "",
    "Code": "", "Time zone": "", "Case numbers": "", "Kind": "",
}  # fmt: skip
DIALOGUE = [
    *ANSWERS.values(),
    "2",  # levels with boundaries
    "", "{folder}/none.geojson", "{folder}/district.geojson", "", "", "",  # district: a slip, then the file
    "community", "{folder}/grid.geojson", "", "key", "key",
    "parent",  # how the finest finds its district
    "2000",  # cells
    "2", "2", "",  # widths
    "", "09:00-12:00，14:00-18:00", "mon、tue",  # holidays, hours, days
    "",  # plates
    "river-office", "河长办", "River office", "",
    "", "y",  # engineer, an account for each post
]  # fmt: skip


def _dialogue(tmp_path: Path, last: str, *words: str) -> "tuple[int, str]":
    city_file(tmp_path)
    lines = [line.replace("{folder}", str(tmp_path)) for line in DIALOGUE]
    done = CliRunner().invoke(init, list(words), input="\n".join([*lines, last]) + "\n", standalone_mode=False)
    assert done.exception is None, f"{done.output}\n{done.exception!r}"
    return done.return_value, done.output


@pytest.mark.django_db
def test_a_file_can_be_looked_through_alone(tmp_path: Path) -> None:
    path = str(city_file(tmp_path))
    done = CliRunner().invoke(init, [path, "--check", "--json"], standalone_mode=False)
    assert (done.return_value, json.loads(done.output)["units"]["grid"]) == (0, 4)
    assert not City.objects.exists()


@pytest.mark.django_db
def test_answers_make_a_city_and_can_be_kept(tmp_path: Path) -> None:
    code, said = _dialogue(tmp_path, "y", "--write", str(tmp_path / "cities" / "kept.toml"))
    assert code == 0 and "Passwords" in said, said
    city = City.objects.get()
    assert (city.key, city.case_prefix, city.zone) == ("small_town", "ST", "Asia/Shanghai")
    assert city.languages == ["zh-hans", "en"]
    assert Unit.objects.filter(level=2, kind=Unit.NORMAL).count() == 4
    assert Unit.objects.filter(level=3, kind=Unit.NORMAL).count() > 20
    assert Organisation.objects.get(key="river-office").names == {"zh-hans": "河长办", "en": "River office"}
    assert calendar_named("city").shifts == [[["09:00", "12:00"], ["14:00", "18:00"]]] * 2 + [[]] * 5
    assert Account.objects.filter(username__in=["engineer", "intake", "shift", "inspector", "dispatcher"]).count() == 5
    kept = read(tmp_path / "cities" / "kept.toml")
    assert kept.problems == [] and kept.units is not None and kept.units.city.names["zh-hans"] == "小城"


@pytest.mark.django_db
def test_whoever_says_no_at_the_end_has_written_nothing(tmp_path: Path) -> None:
    code, _said = _dialogue(tmp_path, "n")
    assert code == 0 and not City.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("said", ["n\n", ""])
def test_a_file_that_is_there_is_not_written_over_without_asking(tmp_path: Path, said: str) -> None:
    kept = tmp_path / "kept.toml"
    kept.write_text("mine")
    done = CliRunner().invoke(init, ["--write", str(kept)], input=said, standalone_mode=False)
    assert isinstance(done.exception, click.UsageError | click.Abort) and kept.read_text() == "mine"


@pytest.mark.django_db
def test_keeping_answers_and_giving_a_file_exclude_each_other(tmp_path: Path) -> None:
    path, other = city_file(tmp_path), tmp_path / "other.toml"
    other.write_text("mine")
    done = CliRunner().invoke(init, [str(path), "--write", str(other)], standalone_mode=False)
    assert isinstance(done.exception, click.UsageError) and other.read_text() == "mine"
    assert not City.objects.exists()


def test_a_city_file_is_written_as_it_will_be_read() -> None:
    city = {"names": {"zh-hans": 'a "b" \\ 城\n'}, "n": 1.5}
    data = {"plates": [], "city": city, "accounts": [{"user": "a", "on": True}]}
    assert tomllib.loads(written(data)) == data
