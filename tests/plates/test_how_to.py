"""The page "a plate in an hour" is followed word for word: what it writes is written, what it calls is called."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from cityloop.doors.cli.plates import plates
from cityloop.ground.kit.judge import judge
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.scaffold import scaffold

pytestmark = pytest.mark.once

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "a-plate-in-an-hour.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PUT_DONE = "documents = { state = "


def call(line):
    """Run a line of the page in this process; give its exit code and what it said."""
    words = shlex.split(line)
    assert words[:2] == ["cityloop", "plates"]
    # a verb gives its exit code back, as `main` takes it
    done = CliRunner().invoke(plates, words[2:], standalone_mode=False)
    assert done.exception is None
    return done.return_value, done.output


def test_the_page_leads_where_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder, said, added, before = tmp_path / "lifts", "", 0, 0
    for block in BLOCK.finditer(PAGE):
        words, (kind, text) = PAGE[before : block.start()], block.groups()
        before = block.end()
        if "put `done` for" in words:
            quality = (folder / "quality.toml").read_text()
            lines = ['documents = { state = "done" }' if x.startswith(PUT_DONE) else x for x in quality.splitlines()]
            (folder / "quality.toml").write_text("\n".join(lines))
        if kind == "toml":
            (name,) = re.findall(r"Add to `([^`]+)`:", words)
            (folder / name).write_text((folder / name).read_text() + "\n" + text)
            added += 1
        elif kind == "console":
            said = "".join(call(line)[1] for line in text.splitlines())
        elif text.startswith("lifts:"):
            assert said == text
    assert added >= 6
    assert judge(folder) == []


def test_a_new_plate_passes_and_says_what_is_to_do(tmp_path):
    code, said = call(f"cityloop plates new libraries --in {tmp_path}")
    assert code == 0
    assert "plates check" in said
    assert judge(tmp_path / "libraries") == []
    with pytest.raises(Refusal) as caught:
        scaffold("libraries", tmp_path)
    assert caught.value.code == "kit.plate.exists"
    with pytest.raises(Refusal) as caught:
        scaffold("elder_care", tmp_path)
    assert caught.value.code == "kit.plate.taken" and "elder_care" in str(caught.value)
    assert not (tmp_path / "elder_care").exists()


@pytest.mark.parametrize("name", ["Elder Care", "../elsewhere", "1st", ""])
def test_a_name_is_plain(name, tmp_path):
    with pytest.raises(Refusal) as caught:
        scaffold(name, tmp_path)
    assert caught.value.code == "kit.plate.name"
