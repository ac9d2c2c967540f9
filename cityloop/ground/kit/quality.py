"""`quality.toml`: what a plate has, what is still to do, what it needs not, each with a reason.

What can be counted is counted: `done` that is not so is found, and so is `todo` that is done.
"""

from collections.abc import Callable, Iterator
from typing import Literal

from cityloop.ground.kit.basics import Key, Model
from cityloop.ground.kit.plate import Plate, Problem


class Item(Model):
    """Where one demand stands; `reason` says why it is exempt or what is missing."""

    state: Literal["done", "todo", "exempt"]
    reason: str = ""


class Quality(Model):
    """The file: one item for each demand."""

    items: dict[Key, Item]


def _at_least(number: int, what: str) -> Callable[[Plate], bool]:
    return lambda plate: len(getattr(plate.manifest, what)) >= number


# What is asked of every plate; None: only somebody of the field can say.
DEMANDS: dict[str, Callable[[Plate], bool] | None] = {
    "matters": _at_least(8, "matters"),
    "organisations": _at_least(2, "organisations"),
    "components": _at_least(2, "components"),
    "sensors": _at_least(2, "observed"),
    "services": _at_least(3, "services"),
    "indicators": _at_least(5, "indicators"),
    "plans": _at_least(1, "plans"),
    "datasets": _at_least(2, "datasets"),
    "roles": _at_least(1, "roles"),
    "stories": lambda plate: len(plate.stories) >= 6,
    "basis": lambda plate: plate.manifest.basis is not None,
    "keywords": lambda plate: all(matter.keywords for matter in plate.manifest.matters),
    "limits_published": lambda plate: plate.manifest.basis is not None and plate.manifest.basis.limits == "published",
    "documents": lambda plate: any(service.documents for service in plate.manifest.services),
    "field_review": None,
    "translation_review": None,
}


def check(plate: Plate, quality: Quality) -> Iterator[Problem]:
    """Hold the file against the plate."""
    for key in sorted(DEMANDS.keys() - quality.items.keys()):
        yield plate.problem("quality.missing", f"say done, todo or exempt for {key}", "items", file="quality.toml")
    for key, item in quality.items.items():
        if key not in DEMANDS:
            yield _about(plate, key, "unknown", "nothing of this name is asked of a plate")
            continue
        if item.state != "done" and not item.reason.strip():
            yield _about(plate, key, "reason", f"give the reason why it is {item.state}")
        holds = DEMANDS[key]
        if holds is not None and item.state != "exempt" and holds(plate) != (item.state == "done"):
            words = "it is not done" if item.state == "done" else "it is done"
            yield _about(plate, key, "untrue", f"the file says {item.state}, but {words}")


def _about(plate: Plate, key: str, code: str, message: str) -> Problem:
    return plate.problem(f"quality.{code}", message, "items", key, file="quality.toml")
