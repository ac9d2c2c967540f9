"""`make prove`: every check and test with full counts, then the benches; what was seen is written as one dated file.

    python tests/prove.py FOLDER

FOLDER/YYYY-MM-DD.json says part by part what was seen, when and of which commit: how many tests ran and failed on
each database and in the browser, and every figure of `cityloop bench` with its goal. Exit 0: all passed and every
goal holds. The whole takes hours. Each part is written as it ends, together with a digest of the files it rests on;
whoever asks again has those parts run that are not there, were not good, or rest on something else by now.
"""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
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
UNSEEN = ("docs/proof/", "tests/prove.py")  # what no part rests on
TOLD = ("docs/adr/", "docs/explanation/", "CHANGELOG.md", "CONTRIBUTING.md", "README.md")  # read by checks alone
BENCHES = benches(ROOT / "bench")
Found = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One piece of the proof: how it is run, when it is good, and which of the committed files it rests on."""

    name: str
    run: Callable[[], Found]
    good: Callable[[Found], bool]
    rests_on: Callable[[str], bool]


def main() -> int:
    """Run what is still to be run, write what was seen, tell whether it is good."""
    folder, files = Path(sys.argv[1]), committed()
    folder.mkdir(parents=True, exist_ok=True)
    known = parts()
    seen = {part.name: one for part in known if (one := before(folder, part, files))}
    for part in known:
        if not (part.name in seen and part.good(seen[part.name])):
            seen[part.name] = {"at": now(), "commit": commit(), "sources": digest(part, files), **part.run()}
            write(folder, known, seen)
            print(f"{part.name}: {'good' if part.good(seen[part.name]) else 'NOT GOOD'}", flush=True)
    path = write(folder, known, seen)
    print(f"{path}: {'good' if good(known, seen) else 'NOT GOOD'}")
    return 0 if good(known, seen) else 1


def write(folder: Path, known: list[Part], seen: dict[str, Found]) -> Path:
    """Write what was seen so far as the file of this day, in the order of the parts."""
    path = folder / f"{datetime.now(UTC):%Y-%m-%d}.json"
    ordered = {part.name: seen[part.name] for part in known if part.name in seen}
    told = {"at": now(), "machine": machine(), "good": good(known, seen), "parts": ordered}
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def before(folder: Path, part: Part, files: dict[str, str]) -> Found | None:
    """Give what the newest proof saw of a part, where it rested on the same files as now."""
    newest = max(folder.glob("*.json"), default=None)
    found: Found = json.loads(newest.read_text(encoding="utf-8"))["parts"].get(part.name, {}) if newest else {}
    return found if found.get("sources") == digest(part, files) else None


def good(known: list[Part], seen: dict[str, Found]) -> bool:
    """Tell whether everything ran, nothing failed, nothing was skipped, and every goal holds."""
    return all(part.name in seen and part.good(seen[part.name]) for part in known)


# --- the parts --------------------------------------------------------------------------------------


def parts() -> list[Part]:
    """List the parts in the order they are run."""
    return [
        Part("checks", check, passed, everything),
        *(
            Part(f"{place}, {name}", partial(tested, f"pytest-{place}", paths), sound, test_needs(name, paths))
            for place in PLACES
            for name, paths in slices(place).items()
        ),
        *(Part(f"bench {name}", partial(measured, name), holds, bench_needs(name)) for name in BENCHES),
    ]


def slices(place: str) -> dict[str, list[str]]:
    """Give the tests of a place by folder, two levels deep: each can be run, and cut short, by itself."""
    if place == "browser":
        return {"tests/browser": ["tests/browser"]}
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        names = path.relative_to(ROOT).parts
        if names[1] != "browser" and not (place == "postgresql" and names[1] in PURE):
            found.setdefault(folder_of(names), []).append("/".join(names))
    return found


def folder_of(names: tuple[str, ...]) -> str:
    """Name the folder of tests, two levels deep at most, that a file stands in."""
    return "/".join(names[:-1][:3])


def test_needs(name: str, paths: list[str]) -> Callable[[str], bool]:
    """Tell of the tests of a folder what they rest on: not on other tests, nor on benches they do not name."""
    if name == "tests/architecture":
        return everything
    others = unnamed(file for path in paths for file in [ROOT / path, *(ROOT / path).rglob("test_*.py")])

    def needs(path: str) -> bool:
        return path not in others and not path.startswith(TOLD) and (not is_test(path) or path.startswith(f"{name}/"))

    return needs


def bench_needs(name: str) -> Callable[[str], bool]:
    """Tell of a bench what it rests on: not on tests, nor on benches that it does not name."""
    file = ROOT / "bench" / f"{name}.py"
    others = unnamed([file]) - {f"bench/{name}.py"}
    return lambda path: path not in others and not path.startswith(TOLD) and not is_test(path)


def everything(_path: str) -> bool:
    """Say that something rests on every file."""
    return True


def is_test(path: str) -> bool:
    """Tell whether a file holds tests, and not what tests share."""
    return path.startswith("tests/") and path.rpartition("/")[2].startswith("test_")


def unnamed(files: Iterable[Path]) -> set[str]:
    """Give the benches that none of these files names."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in files if file.is_file())
    return {f"bench/{one}.py" for one in BENCHES if not re.search(rf"\bbench\.{one}\b", text)}


# --- what is run ------------------------------------------------------------------------------------


def check() -> Found:
    """Make the checks."""
    return {"passed": make("check") == 0}


def passed(seen: Found) -> bool:
    """Tell whether the checks passed."""
    return bool(seen["passed"])


def tested(target: str, paths: list[str]) -> Found:
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


def sound(seen: Found) -> bool:
    """Tell whether the tests of a folder ran, none failed and none was skipped."""
    return bool(seen["passed"] and not (seen["failures"] or seen["errors"] or seen["skipped"]))


def measured(name: str) -> Found:
    """Run a bench, ten minutes where it soaks."""
    said = output([sys.executable, "-m", "cityloop.doors.cli.main", "bench", name, "--json"], CITYLOOP_PROVE="1")
    return {"figures": json.loads(said or "[]")}


def holds(seen: Found) -> bool:
    """Tell whether a bench gave figures and every goal holds."""
    return bool(seen["figures"]) and all(figure["holds"] for figure in seen["figures"])


def make(target: str, **env: str) -> int:
    """Run a target of the Makefile."""
    return subprocess.run(["make", target], cwd=ROOT, env={**os.environ, **env}, check=False).returncode


def output(command: list[str], **env: str) -> str:
    """Give what a command writes."""
    asked = {**os.environ, **env}
    return subprocess.run(command, cwd=ROOT, env=asked, stdout=subprocess.PIPE, text=True, check=False).stdout


# --- of what it was seen ----------------------------------------------------------------------------


def committed() -> dict[str, str]:
    """Give the digest of each committed file; what is not committed cannot be proved, and ends the run."""
    changed = output(["git", "status", "--porcelain", "--", ".", *(f":!{path}" for path in UNSEEN)])
    if changed.strip():
        sys.exit(f"Commit first, or put away: a proof is of a commit.\n{changed}")
    return dict(listed(output(["git", "ls-tree", "-r", "HEAD"]).splitlines()))


def listed(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give path and digest of each line of `git ls-tree`."""
    for line in lines:
        told, path = line.split("\t")
        if not path.startswith(UNSEEN):
            yield path, told


def digest(part: Part, files: dict[str, str]) -> str:
    """Give one digest of all files that a part rests on."""
    kept = [f"{told}\t{path}" for path, told in sorted(files.items()) if part.rests_on(path)]
    return sha256("\n".join(kept).encode()).hexdigest()[:16]


def commit() -> str:
    """Name the commit."""
    return output(["git", "rev-parse", "--short=12", "HEAD"]).strip()


def now() -> str:
    """Give the time."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def machine() -> Found:
    """Say on what it runs."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


if __name__ == "__main__":
    sys.exit(main())
