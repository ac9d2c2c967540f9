"""Only licences that a city may rest on: everything that runs, and everything sent to a browser."""

import json
import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = {
    "0BSD", "Apache Software", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0",
    "HPND", "ISC",
    "LGPL-3.0-only", "LGPL-3.0-or-later", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "OFL-1.1", "PSF-2.0",
    "Python Software Foundation",
    "Python-2.0", "The Unlicense", "Unlicense", "Zlib",
}  # fmt: skip
# Where the package states it in no field that a program can read: looked up in its LICENSE file.
STATED: dict[str, str] = {"certifi": "MPL-2.0"}
# Names of old that mean a licence of the list.
SAME = {"BSD-0-Clause": "0BSD", "3-Clause BSD License": "BSD-3-Clause"}


def requirements_of(name: str, extras: frozenset[str], seen: dict[str, Distribution]) -> None:
    """Collect all that installing a package brings, on any platform."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return  # for another platform or Python
    key = found.metadata["Name"].lower()
    if key in seen and not extras:
        return
    seen[key] = found
    for text in found.requires or []:
        need = Requirement(text)
        wanted = not need.marker or any(need.marker.evaluate({"extra": e}) for e in extras or {""})
        if wanted:
            requirements_of(need.name, frozenset(need.extras), seen)


def runtime() -> dict[str, Distribution]:
    """Everything `pip install cityloop` brings, extras of ours included, those for building and developing not."""
    seen: dict[str, Distribution] = {}
    ours = set(distribution("cityloop").metadata.get_all("Provides-Extra") or []) - {"dev", "build"}
    requirements_of("cityloop", frozenset({"", *ours}), seen)
    return seen


def licence(found: Distribution) -> str:
    """What a package says of itself: the expression, else the classifiers, else the first line of the field."""
    data = found.metadata
    if data["License-Expression"]:
        return data["License-Expression"]
    classifiers = [c.split(" :: ")[-1] for c in data.get_all("Classifier") or [] if c.startswith("License ::")]
    classifiers = [re.sub(r" License.*$", "", c) for c in classifiers if c != "OSI Approved"]
    return STATED.get(data["Name"].lower()) or " OR ".join(classifiers) or (data["License"] or "?").splitlines()[0]


def allowed(expression: str) -> bool:
    """All of AND, one of OR."""
    expression = re.sub(r"\s+WITH\s+[\w.-]+", "", expression.strip())
    for split, every in ((r"\s+AND\s+", all), (r"\s+OR\s+|\s*/\s*", any)):
        parts = re.split(split, expression)
        if len(parts) > 1:
            return every(allowed(p.strip("() ")) for p in parts)
    return SAME.get(expression, expression).strip("() ") in ALLOWED


def test_python_packages():
    wrong = {name: licence(d) for name, d in runtime().items() if name != "cityloop" and not allowed(licence(d))}
    assert wrong == {}


def test_npm_packages():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    wrong = {
        name: entry.get("license", "?") for name, entry in lock["packages"].items()
        if name and not entry.get("dev") and not allowed(str(entry.get("license", "?")))
    }  # fmt: skip
    assert wrong == {}


def test_the_list_bites():
    assert not allowed("GPL-3.0-only") and not allowed("AGPL-3.0") and not allowed("MIT AND GPL-3.0-only")
    assert allowed("MIT OR GPL-3.0-only") and allowed("BSD-3-Clause")


def test_every_dependency_has_its_reason():
    text = (ROOT / "docs" / "explanation" / "dependencies.md").read_text().lower()
    direct = [Requirement(r) for r in distribution("cityloop").requires or []]
    npm = json.loads((ROOT / "package.json").read_text())
    names = [r.name.lower() for r in direct] + [*npm["dependencies"], *npm["devDependencies"]]
    assert sorted({n for n in names if f"`{n}`" not in text}) == []
