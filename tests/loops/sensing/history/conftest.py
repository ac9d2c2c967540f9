"""A history of its own for each test."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def history(tmp_path: Path, settings: Any) -> Path:
    settings.HISTORY = tmp_path / "history"
    settings.HOT_DAYS = 90
    settings.KEEP_DAYS = {"readings": 0, "hours": 0, "days": 0}
    return tmp_path / "history"
