"""Writing a plate down as TOML, to be edited by people."""

import json
from pathlib import Path

from cityloop.ground.kit.manifest import Manifest


def write_plate(plate: Manifest, folder: Path) -> Path:
    """Write `plate.toml` into a folder; give its path."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "plate.toml"
    target.write_text("\n".join(_lines(plate)) + "\n", encoding="utf-8")
    return target


def _lines(plate: Manifest) -> list[str]:
    lines = [f"key = {_text(plate.key)}", f"version = {_text(plate.version)}", f"names = {_words(plate.names)}"]
    for matter in plate.matters:
        lines += [
            "",
            "[[matters]]",
            f"code = {_text(matter.code)}",
            f"class = {_text(matter.class_)}",
            f"subclass = {_text(matter.subclass)}",
            f"kind = {_text(matter.kind)}",
            f"names = {_words(matter.names)}",
            f"filing = {_words(matter.filing)}",
            f"closing = {_words(matter.closing)}",
        ]
        steps = ", ".join(f"{{ name = {_words(m.name)}, limit = {_text(m.limit)} }}" for m in matter.milestones)
        lines.append(f"milestones = [{steps}]")
    for rule in plate.responsibility:
        lines += ["", "[[responsibility]]", f"matter = {_text(rule.matter)}", f"lead = {_text(rule.lead)}"]
    return lines


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a TOML string


def _words(words: dict[str, str]) -> str:
    return "{ " + ", ".join(f"{lang} = {_text(text)}" for lang, text in words.items()) + " }"
