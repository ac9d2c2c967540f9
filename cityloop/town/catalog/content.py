"""What a version of the catalogue holds, as it is written down: pure, the same text for the same meaning."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from cityloop.ground.kit.manifest import Manifest, Responsibility, city_rules
from cityloop.ground.kit.routing import Rule

# What a plate brings beside its matters, lines and replies; a version keeps it, so that nothing else is in force.
HELD = (
    "about", "basis", "classes", "organisations", "roles", "components", "observed", "services", "indicators", "plans",
    "datasets", "rule_functions",
)  # fmt: skip
FUNCTIONS = "functions"  # as `rule_functions` are called here: `rules` are the lines of responsibility


class Content(NamedTuple):
    """What a version holds: the plates that are on, those switched off as they were, the city's own lines.

    `withdrawn` are matters that no plate has any more, each under its plate: cases of theirs are still there.
    """

    digest: str = ""
    plates: tuple[Manifest, ...] = ()
    resting: tuple[Manifest, ...] = ()
    lines: tuple[Responsibility, ...] = ()
    withdrawn: tuple[Manifest, ...] = ()


def text_of(content: Content) -> str:
    """Give the canonical text: keys sorted, plates, matters and rules in order of their codes."""
    held = {"plates": _plates(content.plates), "rules": _rules(city_rules(content.lines))}
    if kept := _plates(content.resting):  # a city that switched nothing off keeps the digests it always had
        held["resting"] = kept
    if gone := _plates(content.withdrawn):
        held["withdrawn"] = gone
    return json.dumps(held, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(text: str) -> str:
    """Give the name of a canonical text."""
    return hashlib.sha256(text.encode()).hexdigest()


def read(digest: str, text: str) -> Content:
    """Read a canonical text."""
    data = msgspec.json.decode(text)
    lines = tuple(Responsibility.model_validate(_line(rule)) for rule in data["rules"])
    plates, resting, withdrawn = (_manifests(data.get(part, ())) for part in ("plates", "resting", "withdrawn"))
    return Content(digest, plates, resting, lines, withdrawn)


def _plates(plates: Iterable[Manifest]) -> list[dict[str, Any]]:
    return [_plate(plate) for plate in sorted(plates, key=lambda p: p.key)]


def _plate(plate: Manifest) -> dict[str, Any]:
    matters = sorted(plate.matters, key=lambda matter: matter.code)
    content = {
        **_held(plate),
        "key": plate.key,
        "version": plate.version,
        "names": plate.names,
        "matters": [matter.model_dump(mode="json", by_alias=True) for matter in matters],
        "rules": _rules(plate.rules()),
    }
    if plate.replies:  # a plate without any keeps the digest it always had
        content["replies"] = [reply.model_dump(mode="json", by_alias=True) for reply in plate.replies]
    return content


def _held(plate: Manifest) -> dict[str, Any]:
    """Give what it brings beside its matters, without what it has none of and what is as if nothing were said."""
    held = plate.model_dump(mode="json", by_alias=True, include=set(HELD), exclude_defaults=True)
    functions = held.pop("rules", None)
    return {**held, FUNCTIONS: functions} if functions else held


def _rules(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(rule) for rule in sorted(rules, key=lambda rule: (rule.matter, rule.unit))]


def _manifests(plates: Iterable[Mapping[str, Any]]) -> tuple[Manifest, ...]:
    return tuple(Manifest.model_validate(_manifest(plate)) for plate in plates)


def _manifest(plate: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in plate.items() if name not in ("rules", FUNCTIONS)}
    return {**said, "responsibility": [_line(r) for r in plate["rules"]], "rules": plate.get(FUNCTIONS, ())}


def _line(rule: Mapping[str, Any]) -> dict[str, Any]:
    helpers = [{**a, "task": a["task"] or None} for a in rule["assisting"]]
    return {"matter": rule["matter"], "unit": rule["unit"], "lead": rule["lead"], "assisting": helpers}
