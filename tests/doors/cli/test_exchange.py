"""`cityloop catalogue`, as it is typed."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cityloop.doors.cli.exchange import catalogue
from cityloop.doors.cli.main import FINDINGS, USAGE
from cityloop.town.catalog import queries
from cityloop.town.ledger.models import Step
from tests.doors.cli.typed import typed
from tests.loops.cases.smallville import Town, build


@pytest.fixture
def town(db: None, tmp_path: Path, settings: Any) -> Town:
    settings.CITYLOOP_CACHE_SECONDS = 0
    return build(tmp_path)


def test_out_tried_looked_through_and_in(town: Town, tmp_path: Path) -> None:
    town.collect()
    path, before = tmp_path / "catalogue.toml", queries.last_digest()
    code, said = typed("catalogue", "export", str(path))
    assert (code, said["digest"]) == (0, before)
    assert typed("catalogue", "export", str(path))[1]["error"]["code"] == "catalog.file.there"
    assert typed("catalogue", "export", str(path), "--overwrite")[0] == 0
    nowhere = typed("catalogue", "export", str(tmp_path / "no" / "such" / "folder"))
    assert nowhere[0] == 2 and nowhere[1]["error"]["code"] == "cli.file" and "folder" in nowhere[1]["error"]["message"]
    path.write_text(path.read_text().replace('limit = "5 wd"', 'limit = "3 wd"'))
    steps = Step.objects.count()
    code, said = typed("catalogue", "try", str(path), "--since", "2018-10-21", "--until", "2018-10-21")
    assert code == 0 and (said["cases"], said["timed"][0]["sooner"]) == (1, 1)
    code, said = typed("catalogue", "import", str(path), "--preview")
    assert code == 0 and said["changes"][0]["differences"][0]["key"] == "tree"
    assert (Step.objects.count(), queries.last_digest()) == (steps, before)
    code, said = typed("catalogue", "import", str(path))
    assert code == 0 and said["digest"] == queries.last_digest() != before
    done = CliRunner().invoke(catalogue, ["import", str(path)], standalone_mode=False)
    assert "It is what is in force." in done.output


def test_faults_are_findings_by_line_and_key(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.toml"
    typed("catalogue", "export", str(path))
    path.write_text(path.read_text().replace('limit = "5 wd"', 'limit = "soon"'))
    for verb in ("import", "try"):
        code, said = typed("catalogue", verb, str(path))
        assert code == FINDINGS and said["problems"][0]["key"].endswith("milestones[1].limit")
        assert said["problems"][0]["line"] > 1
    assert typed("catalogue", "import", str(tmp_path / "none.toml"))[0] == USAGE
