"""Docs keep up: every setting, verb and table of the wiring stands in the reference; no link leads nowhere."""

import re
from pathlib import Path

from cityloop.doors.cli.main import VERBS

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
ENVIRONMENT = re.compile(r"environ(?:\.get\(|\[)\"(CITYLOOP_\w+|DATABASE_URL)\"")


def test_every_setting_is_in_the_reference():
    text = (REFERENCE / "settings.md").read_text()
    files = [*(ROOT / "cityloop").rglob("*.py"), ROOT / "tests" / "conftest.py"]
    used = {name for path in files for name in ENVIRONMENT.findall(path.read_text())}
    assert {name for name in used if f"`{name}`" not in text} == set()


def test_every_verb_is_in_the_reference():
    text = (REFERENCE / "command-line.md").read_text()
    assert [verb for verb in VERBS if f"`cityloop {verb}" not in text] == []


def test_links_lead_somewhere():
    wrong = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text()):
            if not (page.parent / target).exists():
                wrong.append(f"{page.relative_to(ROOT)} → {target}")
    assert wrong == []
