"""A town with a folder of imagery of its own."""

from pathlib import Path
from typing import Any

import pytest

from tests.loops.cases.smallville import Town, build


@pytest.fixture
def town(db: None, tmp_path: Path, settings: Any) -> Town:
    settings.IMAGERY = tmp_path / "imagery"
    return build(tmp_path)
