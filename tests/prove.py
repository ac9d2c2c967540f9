"""`make prove`: every check and test with full counts, then the benches; what was seen is written as one dated file.

    python tests/prove.py FOLDER

FOLDER/YYYY-MM-DD.json names the commit, the machine, how many tests ran and failed on each database and in the
browser and how long that took, and every figure of `cityloop bench` with its goal. Exit 0: all passed and every
goal holds. The whole takes hours: the tests run folder by folder, each part is written as it ends, and a proof of
the same sources that was cut short, or in which a part failed, is taken up where it stands.
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
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from cityloop.doors.cli.bench import benches

ROOT = Path(__file__).resolve().parents[1]
PLACES = ("sqlite", "browser", "postgresql")
PURE = ("architecture", "ground")  # what never asks a database is not asked again beside another one
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
    """Give the proof of these sources that was begun, or a new one."""
    folder.mkdir(parents=True, exist_ok=True)
    now, here = datetime.now(UTC), sources()
    path = folder / f"{now:%Y-%m-%d}.json"
    for old in sorted(folder.glob("*.json"), reverse=True):
        found: Found = json.loads(old.read_text(encoding="utf-8"))
        if found.get("sources") == here and not here.endswith("-changed"):
            return old, found
    new = {"at": now.isoformat(timespec="seconds"), "commit": commit(), "sources": here, "machine": machine()}
    return path, {**new, "checks": {}, "tests": {}, "bench": {}, "good": False}


def parts(found: Found) -> list[tuple[str, Callable[[], bool], Callable[[], None]]]:
    """List the parts: the name, whether it was run and held, and how it is run."""

    def check() -> None:
        found["checks"] = {"passed": make("check") == 0}

    def test(place: str, name: str) -> None:
        found["tests"].setdefault(place, {})[name] = tested(f"pytest-{place}", slices(place)[name])

    def measure(name: str) -> None:
        said = output([sys.executable, "-m", "cityloop.doors.cli.main", "bench", name, "--json"], CITYLOOP_PROVE="1")
        found["bench"][name] = json.loads(said or "[]")

    return [
        ("checks", lambda: checked(found), check),
        *(
            (f"{place}, {name}", partial(sound, found, place, name), partial(test, place, name))
            for place in PLACES
            for name in slices(place)
        ),
        *((name, partial(holds, found, name), partial(measure, name)) for name in benches(ROOT / "bench")),
    ]


def good(found: Found) -> bool:
    """Tell whether everything ran, nothing failed, nothing was skipped, and every goal holds."""
    return all(held() for _name, held, _part in parts(found))


def checked(found: Found) -> bool:
    """Tell whether the checks were made and passed."""
    return bool(found["checks"].get("passed"))


def slices(place: str) -> dict[str, list[str]]:
    """Give the tests of a place by folder, two levels deep: each can be run, and cut short, by itself."""
    if place == "browser":
        return {"tests/browser": ["tests/browser"]}
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        parts = path.relative_to(ROOT).parts
        if parts[1] != "browser" and not (place == "postgresql" and parts[1] in PURE):
            found.setdefault("/".join(parts[:-1][:3]), []).append("/".join(parts))
    return found


def sound(found: Found, place: str, name: str) -> bool:
    """Tell whether the tests of a folder ran, none failed and none was skipped."""
    t = found["tests"].get(place, {}).get(name)
    return bool(t and t["passed"] and not (t["failures"] or t["errors"] or t["skipped"]))


def holds(found: Found, name: str) -> bool:
    """Tell whether a bench was run and every goal holds."""
    figures = found["bench"].get(name)
    return bool(figures) and all(figure["holds"] for figure in figures)


def tested(target: str, paths: list[str]) -> dict[str, Any]:
    """Run some tests of a target with full counts; give their numbers, the seconds they took, and whether all is well.

    A folder may hold nothing for PostgreSQL: pytest says so by its exit code 5, which `make` tells as a failure.
    """
    with tempfile.TemporaryDirectory() as folder:
        report, began = Path(folder) / "report.xml", time.monotonic()
        options = f"--junitxml={report} --no-header {' '.join(paths)}"
        made = make(target, CITYLOOP_PROVE="1", PYTEST_ADDOPTS=options)
        seconds = round(time.monotonic() - began)
        suite = ElementTree.parse(report).getroot().find("testsuite") if report.exists() else None
    numbers = {n: int(suite.get(n, 0)) if suite is not None else 0 for n in ("tests", "failures", "errors", "skipped")}
    empty = target == "pytest-postgresql" and suite is not None and not numbers["tests"]
    return {**numbers, "seconds": seconds, "passed": made == 0 or empty}


def make(target: str, **env: str) -> int:
    """Run a target of the Makefile."""
    return subprocess.run(["make", target], cwd=ROOT, env={**os.environ, **env}, check=False).returncode


def output(command: list[str], **env: str) -> str:
    """Give what a command writes."""
    asked = {**os.environ, **env}
    return subprocess.run(command, cwd=ROOT, env=asked, stdout=subprocess.PIPE, text=True, check=False).stdout


def commit() -> str:
    """Name the commit."""
    return output(["git", "rev-parse", "--short=12", "HEAD"]).strip()


def sources() -> str:
    """Give a digest of all that is committed but the proofs, and say where the tree differs from it."""
    listed = output(["git", "ls-tree", "-r", "HEAD"]).splitlines()
    kept = [line for line in listed if not line.partition("\t")[2].startswith("docs/proof/")]
    changed = "-changed" if output(["git", "status", "--porcelain", "--", ".", ":!docs/proof"]).strip() else ""
    return sha256("\n".join(kept).encode()).hexdigest()[:16] + changed


def machine() -> dict[str, Any]:
    """Say on what it ran."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


if __name__ == "__main__":
    sys.exit(main())
