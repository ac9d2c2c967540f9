"""`make prove`: every check and test with full counts, then the benches; what was seen is written as one dated file.

    python tests/prove.py FOLDER

FOLDER/YYYY-MM-DD.json names the commit, the machine, how many tests ran and failed on each database and in the
browser and how long that took, and every figure of `cityloop bench` with its goal. Exit 0: all passed and every
goal holds. The whole takes hours: each part is written as it ends, and a proof of the same commit that was cut
short, or in which a part failed, is taken up where it stands.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from cityloop.doors.cli.bench import benches

ROOT = Path(__file__).resolve().parents[1]
DATABASES = ("sqlite", "browser", "postgresql")
Found = dict[str, Any]


def main() -> int:
    """Run what is still to be run, write what was seen, tell whether it is good."""
    folder = Path(sys.argv[1])
    path, found = begun(folder)
    for name, held, part in parts(found):
        if not held():
            part()
            found["good"] = good(found)
            path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            print(f"{path}: {name}: {'good' if held() else 'NOT GOOD'}", flush=True)
    print(f"{path}: {'good' if found['good'] else 'NOT GOOD'}")
    return 0 if found["good"] else 1


def begun(folder: Path) -> tuple[Path, Found]:
    """Give the proof of this commit that was begun, or a new one."""
    folder.mkdir(parents=True, exist_ok=True)
    now, here = datetime.now(UTC), commit()
    path = folder / f"{now:%Y-%m-%d}.json"
    for old in sorted(folder.glob("*.json"), reverse=True):
        found: Found = json.loads(old.read_text(encoding="utf-8"))
        if found["commit"] == here and not here.endswith("-changed"):
            return old, found
    new = {"at": now.isoformat(timespec="seconds"), "commit": here, "machine": machine()}
    return path, {**new, "checks": {}, "tests": {}, "bench": {}, "good": False}


def parts(found: Found) -> list[tuple[str, Callable[[], bool], Callable[[], None]]]:
    """List the parts: the name, whether it was run and held, and how it is run."""

    def check() -> None:
        found["checks"] = {"passed": make("check") == 0}

    def test(name: str) -> None:
        found["tests"][name] = tested(f"pytest-{name}")

    def measure(name: str) -> None:
        said = output([sys.executable, "-m", "cityloop.doors.cli.main", "bench", name, "--json"])
        found["bench"][name] = json.loads(said or "[]")

    return [
        ("checks", lambda: checked(found), check),
        *((name, lambda name=name: sound(found, name), lambda name=name: test(name)) for name in DATABASES),
        *(
            (name, lambda name=name: holds(found, name), lambda name=name: measure(name))
            for name in benches(ROOT / "bench")
        ),
    ]


def good(found: Found) -> bool:
    """Tell whether everything ran, nothing failed, nothing was skipped, and every goal holds."""
    return all(held() for _name, held, _part in parts(found))


def checked(found: Found) -> bool:
    """Tell whether the checks were made and passed."""
    return bool(found["checks"].get("passed"))


def sound(found: Found, name: str) -> bool:
    """Tell whether the tests of a target ran, none failed and none was skipped."""
    t = found["tests"].get(name)
    return bool(t and t["tests"] and not (t["failures"] or t["errors"] or t["skipped"]))


def holds(found: Found, name: str) -> bool:
    """Tell whether a bench was run and every goal holds."""
    figures = found["bench"].get(name)
    return bool(figures) and all(figure["holds"] for figure in figures)


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
    changed = "-changed" if output(["git", "status", "--porcelain", "--", ".", ":!docs/proof"]).strip() else ""
    return output(["git", "rev-parse", "--short=12", "HEAD"]).strip() + changed


def machine() -> dict[str, Any]:
    """Say on what it ran."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


if __name__ == "__main__":
    sys.exit(main())
