"""`make prove`: every check and test with full counts, then the benches; what was seen is written as one dated file.

    python tests/prove.py FOLDER

FOLDER/YYYY-MM-DD.json names the commit, the machine, how many tests ran and failed on each database and in the
browser and how long that took, and every figure of `cityloop bench` with its goal. Exit 0: all passed and every
goal holds.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run everything, write the file, tell whether it is good."""
    folder, began = Path(sys.argv[1]), datetime.now(UTC)
    found: dict[str, Any] = {"at": began.isoformat(timespec="seconds"), "commit": commit(), "machine": machine()}
    found["checks"] = {"passed": make("check") == 0}
    found["tests"] = {name: tested(f"pytest-{name}") for name in ("sqlite", "browser", "postgresql")}
    found["bench"] = json.loads(output([sys.executable, "-m", "cityloop.doors.cli.main", "bench", "--json"]) or "[]")
    found["good"] = good(found)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{began:%Y-%m-%d}.json"
    path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{path}: {'good' if found['good'] else 'NOT GOOD'}")
    return 0 if found["good"] else 1


def good(found: dict[str, Any]) -> bool:
    """Tell whether everything ran, nothing failed, nothing was skipped, and every goal holds."""
    tests = found["tests"].values()
    sound = all(t["tests"] and not (t["failures"] or t["errors"] or t["skipped"]) for t in tests)
    held = bool(found["bench"]) and all(figure["holds"] for figure in found["bench"])
    return bool(found["checks"]["passed"] and sound and held)


def tested(target: str) -> dict[str, Any]:
    """Run the tests of one target with full counts; give their numbers and the seconds they took."""
    with tempfile.TemporaryDirectory() as folder:
        report, began = Path(folder) / "report.xml", time.monotonic()
        make(target, CITYLOOP_PROVE="1", PYTEST_ADDOPTS=f"--junitxml={report}")
        seconds = round(time.monotonic() - began)
        suite = ElementTree.parse(report).getroot().find("testsuite") if report.exists() else None
    numbers = {n: int(suite.get(n, 0)) if suite is not None else 0 for n in ("tests", "failures", "errors", "skipped")}
    return {**numbers, "seconds": seconds}


def make(target: str, **env: str) -> int:
    """Run a target of the Makefile."""
    return subprocess.run(["make", target], cwd=ROOT, env={**os.environ, **env}, check=False).returncode


def output(command: list[str]) -> str:
    """Give what a command writes."""
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False).stdout


def commit() -> str:
    """Name the commit, and say where the tree differs from it."""
    changed = "-changed" if output(["git", "status", "--porcelain"]).strip() else ""
    return output(["git", "rev-parse", "--short=12", "HEAD"]).strip() + changed


def machine() -> dict[str, Any]:
    """Say on what it ran."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


if __name__ == "__main__":
    sys.exit(main())
