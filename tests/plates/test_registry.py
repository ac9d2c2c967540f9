"""Plates are found in our own folder, in a city's and in installed packages; none is run to be found."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.registry import plates

pytestmark = pytest.mark.once

SOUND = Path(__file__).parent / "sound"


@pytest.fixture
def installed(tmp_path):
    """A package from outside with a plate, as pip leaves it: the files and their entry point."""
    package = tmp_path / "their_lifts"
    shutil.copytree(SOUND, package / "lifts")
    (package / "__init__.py").write_text("")
    (package / "lifts" / "__init__.py").write_text("raise RuntimeError('a plate is read, not run')\n")
    about = tmp_path / "their_lifts-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: their-lifts\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[cityloop.plates]\nlifts = their_lifts.lifts\n")
    return tmp_path


def cityloop(*words, path=""):
    command = [sys.executable, "-m", "cityloop.doors.cli.main", "plates", *words, "--json"]
    env = {**os.environ, "PYTHONPATH": str(path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    return done.returncode, json.loads(done.stdout)


def test_one_that_cannot_be_read_hides_no_other(installed):
    (installed / "their_lifts" / "lifts" / "strings" / "en.toml").write_text('plate = "half')
    code, rows = cityloop("list", path=installed)
    said = {row["plate"]: row for row in rows}
    assert code == 1 and said["municipal"]["counts"] and "counts" not in said["lifts"]
    assert said["lifts"]["problems"][0]["file"].endswith("strings/en.toml") and said["lifts"]["folder"]


def test_ours_are_there():
    assert "municipal" in plates()


def test_a_folder_of_the_citys_counts_too(tmp_path):
    shutil.copytree(SOUND, tmp_path / "lifts")
    assert plates([tmp_path])["lifts"] == tmp_path / "lifts"


def test_a_name_that_two_have_is_refused(tmp_path):
    shutil.copytree(SOUND, tmp_path / "municipal")
    with pytest.raises(Refusal) as caught:
        plates([tmp_path])
    assert caught.value.code == "kit.plate.twice"


def test_one_installed_from_outside_is_listed_and_judged_as_ours_are(installed):
    code, rows = cityloop("list", path=installed)
    assert code == 0
    assert {row["plate"] for row in rows} >= {"lifts", "municipal"}
    code, judged = cityloop("check", path=installed)
    assert code == 0
    assert {one["plate"]: one["findings"] for one in judged}["lifts"] == []


def test_findings_are_1_and_a_wrong_call_is_2(tmp_path):
    folder = shutil.copytree(SOUND, tmp_path / "lifts")
    (folder / "README.md").unlink()
    code, (judged,) = cityloop("check", str(folder))
    assert (code, judged["findings"][0]["code"]) == (1, "file.missing")
    code, answer = cityloop("check", str(tmp_path / "nowhere"))
    assert (code, answer["error"]["code"]) == (2, "cli.usage")
