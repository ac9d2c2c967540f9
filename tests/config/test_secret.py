"""Secure by default: a development secret is private, and a production start with one is refused."""

import os
import stat
import subprocess
import sys

import pytest

from cityloop.config import secret
from cityloop.ground.kit.refusal import Refusal

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("CITYLOOP_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CITYLOOP_SECRET_KEY", raising=False)
    monkeypatch.delenv("CITYLOOP_PRODUCTION", raising=False)


def test_made_once_and_private(tmp_path):
    first = secret.secret_key()
    assert first.startswith("development-") and len(first) > 50
    assert secret.secret_key() == first
    path = tmp_path / "home" / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_one_key_when_many_start_at_once(tmp_path):
    code = "from cityloop.config.secret import secret_key; print(secret_key())"
    many = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ) for _ in range(6)]
    assert len({p.communicate()[0] for p in many}) == 1


@pytest.mark.parametrize("given", ["", "short", "development-" + "x" * 60])
def test_production_refuses(monkeypatch, given):
    monkeypatch.setenv("CITYLOOP_PRODUCTION", "1")
    monkeypatch.setenv("CITYLOOP_SECRET_KEY", given)
    with pytest.raises(Refusal, match="CITYLOOP_SECRET_KEY"):
        secret.secret_key()


def test_production_takes_a_secret_of_its_own(monkeypatch):
    monkeypatch.setenv("CITYLOOP_PRODUCTION", "1")
    monkeypatch.setenv("CITYLOOP_SECRET_KEY", "k" * 40)
    assert secret.secret_key() == "k" * 40
