"""The command line: quick help, exit codes, JSON for machines."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cityloop.doors.cli import main as cli

pytestmark = pytest.mark.once


def run(*words, **env):
    import os

    command = [sys.executable, "-m", "cityloop.doors.cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **env})


def inside(code, **env):
    import os

    command = [sys.executable, "-c", f"import django; django.setup()\n{code}"]
    settings = {"DJANGO_SETTINGS_MODULE": "cityloop.config.settings"}
    subprocess.run(command, check=True, env={**os.environ, **settings, **env})


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


def test_a_city_that_other_keys_have_sealed_is_not_brought_up(tmp_path):
    """A second machine with another secret, or a new secret for the old: nothing is sealed that nobody reads."""
    first = {
        "CITYLOOP_HOME": str(tmp_path / "a"),
        "DATABASE_URL": f"sqlite:///{tmp_path}/city",
        "CITYLOOP_SECRET_KEY": "one",
    }
    other = {**first, "CITYLOOP_HOME": str(tmp_path / "b")}
    assert run("migrate", **first).returncode == 0
    write = "from cityloop.town.persons.actions import register_person; register_person(name='A B', at=1)"
    inside(write, **first)
    inside("from cityloop.town.ledger import sealing; sealing.present_key()", **first)

    again = run("migrate", **first)
    assert (again.returncode, again.stderr) == (0, "")
    moved = run("migrate", **other)
    assert moved.returncode == 0
    assert "signs with" in moved.stderr
    refused = run("migrate", "--json", **{**other, "CITYLOOP_SECRET_KEY": "two"})
    assert refused.returncode == 2
    assert json.loads(refused.stdout)["error"]["code"] == "persons.keys"

    renewed = run("migrate", **{**first, "CITYLOOP_SECRET_KEY": "two", "CITYLOOP_OLD_SECRET_KEYS": "none,one"})
    assert (renewed.returncode, renewed.stderr) == (0, "")

    inside(write, **{**first, "CITYLOOP_SECRET_KEY": "two"})  # who went past it
    partly = run("migrate", **first)
    assert partly.returncode == 0
    assert "is missing" in partly.stderr


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://me@127.0.0.1:1/city", "127.0.0.1"),
        ("postgresql://me@/city?host=/nowhere", "/nowhere"),
        ("sqlite:////nowhere/city", "/nowhere/city"),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_with_the_reason(tmp_path, url, why):
    done = run("cases", "count", "--json", CITYLOOP_HOME=str(tmp_path), DATABASE_URL=url)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    told = json.loads(done.stdout)["error"]
    assert told["code"] == "cli.database"
    assert why in told["message"]


def test_config_is_sound(tmp_path):
    done = run("check-config", "--json", CITYLOOP_HOME=str(tmp_path))
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_the_sample_of_the_environment_is_sound_and_what_is_left_out_is_told(tmp_path):
    lines = (Path(cli.__file__).parents[3] / "deploy" / "cityloop.env.sample").read_text().splitlines()
    sample = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    sample |= {"CITYLOOP_HOME": str(tmp_path), "CITYLOOP_SECRET_KEY": "0123456789" * 4, "DATABASE_URL": ""}
    done = run("check-config", "--json", **sample)
    assert (done.returncode, json.loads(done.stdout)) == (0, [])

    bare = {name: sample[name] for name in ("CITYLOOP_PRODUCTION", "CITYLOOP_HOME", "CITYLOOP_SECRET_KEY")}
    done = run("check-config", "--json", **bare)
    found = [finding["where"] for finding in json.loads(done.stdout)]
    assert (done.returncode, found) == (1, ["CITYLOOP_HOSTS", "CITYLOOP_URL", "CITYLOOP_PROXIES"])


@pytest.mark.parametrize(
    ("env", "code"),
    [
        ({"CITYLOOP_HOME": "/proc/nowhere"}, "config.home"),
        ({"CITYLOOP_PRODUCTION": "1", "CITYLOOP_SECRET_KEY": "short"}, "config.secret"),
    ],
)
def test_what_a_start_lacks_is_a_refusal(tmp_path, env, code):
    done = run("migrate", "--json", **{"CITYLOOP_HOME": str(tmp_path), **env})
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (2, code)
