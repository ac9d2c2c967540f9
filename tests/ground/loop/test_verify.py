"""The verifier proves the shipped loops and names what is wrong with each broken one."""

from pathlib import Path

import pytest

from cityloop.ground.loop.definition import definition_file
from cityloop.ground.loop.verify import verify_text

HERE = Path(__file__).parent
BROKEN = sorted((HERE / "broken").glob("*.toml"))


def test_the_shipped_case_loop_is_proved_under_every_profile() -> None:
    assert verify_text(definition_file("case").read_bytes()) == []


def test_the_sound_example_is_proved() -> None:
    assert verify_text((HERE / "sound.toml").read_bytes()) == []


@pytest.mark.parametrize("file", BROKEN, ids=lambda f: f.stem)
def test_a_broken_definition_is_rejected_by_name(file: Path) -> None:
    text = file.read_text()
    expected = text.splitlines()[0].removeprefix("# expect: ")
    found = verify_text(text)
    assert expected in {f.code for f in found}, found
    assert all(f.where and f.message for f in found)


def test_there_is_a_fixture_for_each_thing_that_must_be_rejected() -> None:
    names = {f.stem for f in BROKEN}
    assert {
        "role_on_two_tracks",
        "check_open_to_command",
        "close_open_to_command",
        "dead_end",
        "wait_without_limit",
        "unbounded_cycle",
    } <= names
