"""Two small plates for tests."""

from typing import Any

from cityloop.ground.kit.manifest import Manifest
from tests.town.staff import both


def matter(code: str, name: str = "", zh: str = "", **changes: Any) -> dict[str, Any]:
    base = {
        "code": code,
        "class": code[:2],
        "subclass": code[2:] or "00",
        "kind": "event",
        "names": {"en": name or code, "zh-hans": zh or name or code},
        "filing": both("It is there"),
        "closing": both("It is gone"),
        "milestones": [{"name": both("make safe"), "limit": "1 uh"}, {"name": both("done"), "limit": "5 wd"}],
    }
    return {**base, **changes}


def plate(key: str, *matters: dict[str, Any], **more: Any) -> Manifest:
    return Manifest.model_validate({"key": key, "version": "1.0.0", "names": both(key), "matters": matters, **more})


def municipal(**more: Any) -> Manifest:
    rubbish = {"en": ["rubbish", "garbage"], "zh-hans": ["垃圾"]}
    return plate(
        "municipal",
        matter("0110", "Exposed rubbish", "暴露垃圾", keywords=rubbish),
        matter("0401", "Unlicensed vendor", "无照游商", level=1),
        **{
            "organisations": [
                {"key": "sweepers", "names": both("Sweepers"), "parent": "cleaning"},
                {"key": "cleaning", "names": both("Cleaning")},
            ],
            "responsibility": [
                {"lead": "cleaning"},
                {"matter": "0110", "unit": "31", "lead": "sweepers", "assisting": [{"organisation": "cleaning"}]},
            ],
            **more,
        },
    )
