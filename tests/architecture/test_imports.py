"""Imports only look down: the contract of .importlinter, proved, and proved to bite."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def lint(config: Path) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache", "--config", str(config)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_contract_is_kept():
    done = lint(ROOT / ".importlinter")
    assert done.returncode == 0, done.stdout


def test_contract_bites(tmp_path):
    """Turned upside down, it must break: else it would prove nothing."""
    text = (ROOT / ".importlinter").read_text().replace("    town\n    ground | home", "    ground | home\n    town")
    (tmp_path / "upside-down").write_text(text)
    assert lint(tmp_path / "upside-down").returncode != 0
