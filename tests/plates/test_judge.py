"""The judge: our plates pass, and each deliberately broken one fails by name, at its place."""

import shutil
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import cityloop.demo
from cityloop.ground.kit.judge import judge
from cityloop.ground.kit.loader import load
from cityloop.ground.kit.registry import plates

pytestmark = pytest.mark.once

HERE = Path(__file__).parent
DEMO = Path(cityloop.demo.__file__).parent / "new_york" / "plate"
BROKEN = sorted((HERE / "broken").glob("*.toml"))


@pytest.fixture
def lifts(tmp_path):
    """A copy of the small plate that passes."""
    return Path(shutil.copytree(HERE / "sound", tmp_path / "lifts"))


@pytest.mark.parametrize("name", plates())
def test_ours_pass(name):
    assert [str(problem) for problem in judge(plates()[name], name)] == []


def test_the_sound_one_passes(lifts):
    assert judge(lifts) == []


def test_there_are_at_least_twenty_broken_ones():
    assert len(BROKEN) >= 20


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_one_fails_by_name_at_its_place(path, lifts):
    told = tomllib.loads(path.read_text())
    for edit in told["edits"]:
        file = lifts / edit["file"]
        if edit.get("remove"):
            file.unlink()
            continue
        text = file.read_text()
        assert text.count(edit["old"]) == 1
        file.write_text(text.replace(edit["old"], edit["new"]))
    found = [{"code": p.code, "file": p.file, "line": p.line, "key": p.key} for p in judge(lifts)]
    assert found == told["expect"]


def test_all_problems_of_all_files_are_told_at_once(lifts):
    for name in ("plate.toml", "quality.toml", "stories/stuck.toml"):
        (lifts / name).write_text((lifts / name).read_text() + "\n[nonsense]\n")
    (lifts / "README.md").unlink()
    assert {p.file for p in judge(lifts)} == {"plate.toml", "quality.toml", "stories/stuck.toml", "README.md"}


def test_files_saved_by_an_editor_that_marks_them_are_read(lifts):
    for path in lifts.rglob("*.toml"):
        path.write_text("\ufeff" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert judge(lifts) == []


@pytest.mark.parametrize("order", [1, 2])
def test_a_story_goes_straight_through_in_the_order_of_its_parts(lifts, order):
    text, one = (lifts / "plate.toml").read_text(), '{ organisation = "rescue" }'
    assert one in text
    (lifts / "plate.toml").write_text(text.replace(one, f'{{ organisation = "rescue", order = {order} }}'))
    assert judge(lifts) == []


def test_a_plate_goes_by_its_key(lifts):
    (found,) = judge(lifts, "elevators")
    assert (found.code, found.key) == ("identity.key", "key")


def test_the_demo_citys_plate_goes_on_loading():
    assert len(load(DEMO).matters) > 100


def test_components_of_all_plates_stand_beside_each_other():
    folders = [DEMO, *plates().values()]
    numbers = [(one.class_, one.subclass) for folder in folders for one in load(folder).components]
    assert [number for number, times in Counter(numbers).items() if times > 1] == []


def test_a_story_names_organisations_by_their_keys(lifts):
    called = """
[[stories]]
key = "helpers-called"
report = "Two people are stuck in the lift"
lang = "en"
matter = "stuck"
organisation = "lift_office"
assisting = ["rescue"]
begins = 2026-03-02T11:00:00
due = 2026-03-04T11:00:00
steps = [
  { at = 2026-03-02T11:00:00, do = "collect", by = "reporter" },
  { at = 2026-03-02T11:00:00, do = "file", by = "shift_leader" },
  { at = 2026-03-02T11:00:00, do = "dispatch", by = "dispatcher", with = { parts = ["lift_office"] } },
  { at = 2026-03-02T11:05:00, do = "accept", by = "department_officer" },
  { at = 2026-03-02T11:06:00, do = "call", by = "department_officer", words = "!", with = { organisation = "WHOM" } },
  { at = 2026-03-02T11:07:00, do = "decide", by = "department_officer", of = "rescue", with = { answer = "answered" } },
  { at = 2026-03-02T11:30:00, do = "report_back", by = "department_officer", then = "handled" },
  { at = 2026-03-02T11:31:00, do = "submit", by = "dispatcher" },
  { at = 2026-03-02T11:32:00, do = "pass", by = "inspector" },
  { at = 2026-03-02T11:33:00, do = "close", by = "shift_leader" },
]
"""
    (lifts / "stories" / "called.toml").write_text(called.replace("WHOM", "rescue"))
    assert judge(lifts) == []
    (lifts / "stories" / "called.toml").write_text(called.replace("WHOM", "nobody"))
    (found,) = judge(lifts)
    assert (found.code, found.key) == ("story.refused", "stories[0].steps[4]")
