"""The command line: quick help, exit codes, JSON for machines."""

import json
import subprocess
import sys
import time

import pytest

from cityloop.doors.cli import main as cli

pytestmark = pytest.mark.once


def run(*words, **env):
    import os

    command = [sys.executable, "-m", "cityloop.doors.cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **env})


def test_help_is_quick_and_imports_no_verb():
    code = "import sys, cityloop.doors.cli.main as m; m.main(['--help'])"
    begun = time.monotonic()
    done = run("--help")
    assert time.monotonic() - begun < 2
    assert all(verb in done.stdout for verb in cli.VERBS)
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=False
    ).stderr  # fmt: skip
    assert "django" not in loaded


@pytest.mark.parametrize("verb", [*cli.VERBS, *cli.HIDDEN])
def test_every_verb_is_there_and_takes_json(verb):
    command = cli.cityloop.get_command(None, verb)
    assert command is not None
    leaves = list(getattr(command, "commands", {}).values()) or [command]
    for leaf in leaves:
        assert any("--json" in p.opts for p in leaf.params), leaf.name
        assert leaf.help, "a verb says what it does"


@pytest.mark.parametrize("words", [["nonsense"], ["serve", "--port", "no"], ["migrate", "--what"]])
def test_a_wrong_call_is_2(words):
    done = run(*words, "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "cli.usage"


def test_migrate_twice(tmp_path):
    env = {"CITYLOOP_HOME": str(tmp_path), "DATABASE_URL": ""}
    assert json.loads(run("migrate", "--json", **env).stdout)["applied"]
    assert json.loads(run("migrate", "--json", **env).stdout)["applied"] == []


def test_config_is_sound(tmp_path):
    done = run("check-config", "--json", CITYLOOP_HOME=str(tmp_path))
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
