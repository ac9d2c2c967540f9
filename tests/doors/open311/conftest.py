"""A town whose matters ask questions and hide places, and programs that hold keys."""

from typing import Any

import pytest
from django.core.cache import cache

from cityloop.ground.kit.manifest import Manifest
from cityloop.town.calendar.clock import city_clock
from cityloop.town.catalog import actions as catalog
from cityloop.town.columns import real_now
from cityloop.town.persons.actions import make_access_key
from tests.doors.open311.client import Door
from tests.loops.cases.smallville import AT, MINUTE, PLATE, Town, build
from tests.town.staff import BY, both

QUESTIONS = [
    {"key": "size", "type": "choice", "names": {"en": "How big?", "zh-hans": "多大?"}, "required": True,
     "choices": [{"key": "s", "names": both("Small")}, {"key": "l", "names": both("Large & <wide>")}]},
    {"key": "depth", "type": "number", "names": both("How deep, in cm?")},
    {"key": "road", "type": "bool", "names": both("On the road?")},
    {"key": "since", "type": "date", "names": both("Since when?")},
    {"key": "seen", "type": "choices", "names": both("What did you see?"),
     "choices": [{"key": "water", "names": both("Water")}, {"key": "wires", "names": both("Wires")},
                 {"key": "glass", "names": both("Glass")}]},
    {"key": "more", "type": "text", "names": both("What else?")},
]  # fmt: skip


def _matter(code: str, name: str, **more: Any) -> dict[str, Any]:
    base = PLATE.matters[0].model_dump(by_alias=True)
    return {**base, "code": code, "names": {"en": name, "zh-hans": f"{name}(中文)"}, "keywords": {}, **more}


MATTERS = [
    _matter("pit", "Pit", questions=QUESTIONS, keywords={"en": ["hole", "gap"]}, class_names=both("Roads")),
    _matter("street", "On a street", public_place="street"),
    _matter("quarter", "In a quarter", public_place="unit"),
    _matter("hidden", "Nowhere told", public_place="none"),
    _matter("05.01", "Dotted"),
]


def plate() -> Manifest:
    """The plate of Smallville with these matters beside its own."""
    data = PLATE.model_dump(by_alias=True)
    lines = [{"matter": m["code"], "lead": "roads"} for m in MATTERS]
    return Manifest.model_validate(
        {**data, "matters": [*data["matters"], *MATTERS], "responsibility": [*data["responsibility"], *lines]}
    )


@pytest.fixture
def town(db: None, tmp_path: Any, settings: Any) -> Town:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.CITYLOOP_CACHE_SECONDS = 3600.0
    cache.clear()
    made = build(tmp_path)
    catalog.publish(plates=[plate()], by=BY, at=AT)
    made.at = city_clock.now() - 300 * MINUTE
    return made


@pytest.fixture
def keys(town: Town) -> dict[str, str]:
    return {
        name: make_access_key(account=account, label="t", days=1, by=BY, at=real_now())
        for name, account in town.accounts.items()
    }


@pytest.fixture
def door(town: Town, keys: dict[str, str]) -> Door:
    return Door(keys["parks"])
