"""A small town with an empty square for instruments."""

from pathlib import Path
from typing import Any

import pytest

from tests.loops.cases.smallville import Town, build


@pytest.fixture
def town(db: None, tmp_path: Path, settings: Any) -> Town:
    settings.CITYLOOP_CACHE_SECONDS = 0
    return build(tmp_path)
