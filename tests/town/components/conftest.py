"""A small town with components."""

from pathlib import Path
from typing import Any

import pytest

from tests.loops.cases.smallville import Town, build
from tests.town.components.things import furnish


@pytest.fixture
def town(db: None, tmp_path: Path, settings: Any) -> Town:
    settings.CITYLOOP_CACHE_SECONDS = 0
    made = build(tmp_path)
    furnish()
    return made
