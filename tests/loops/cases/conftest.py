from pathlib import Path

import pytest

from tests.loops.cases.smallville import Town, build


@pytest.fixture
def town(db: None, tmp_path: Path) -> Town:
    return build(tmp_path)
