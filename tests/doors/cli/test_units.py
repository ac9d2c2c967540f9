"""`cityloop units`, as it is typed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cityloop.ground.kit.manifest import Responsibility
from cityloop.town.catalog import actions as catalog
from cityloop.town.ledger.models import Step
from tests.doors.cli.typed import typed
from tests.loops.cases.smallville import AT, MAP, PLATE, _write
from tests.town.staff import BY, make_city

pytestmark = pytest.mark.once


def _cityloop(home: Path, *words: str) -> tuple[int, Any]:
    command = [sys.executable, "-m", "cityloop.doors.cli.main", *words, "--json"]
    env = {**os.environ, "CITYLOOP_HOME": str(home)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


@pytest.mark.django_db
def test_load_check_locate_and_reform(tmp_path: Path, settings: Any) -> None:
    settings.CITYLOOP_CACHE_SECONDS = 0
    files = tmp_path / "files"
    files.mkdir()
    _write(files)
    (tmp_path / "map.json").write_text(json.dumps(MAP))
    code, told = typed("units", "load", str(tmp_path / "map.json"), "--folder", str(files))
    assert (code, told["units"]) == (0, {"city": 1, "district": 2, "grid": 4})
    assert typed("units", "check") == (0, [])
    assert typed("units", "locate", "-73.9", "40.7") == (1, None)
    code, found = typed("units", "locate", "10.02", "50.02")
    assert code == 0 and found["path"][0]["names"]["en"] == "West"
    line = {"matter": "*", "unit": found["code"], "lead": "parks"}
    make_city()
    catalog.publish(plates=[PLATE], city=[Responsibility.model_validate(line)], by=BY, at=AT)
    spec = tmp_path / "spec.toml"
    spec.write_text(f'[codes]\n"{found["code"]}" = "{found["code"][:6]}077"\n')
    before = Step.objects.count()
    code, event = typed("units", "renumber", str(spec), "--preview")
    assert (code, event["preview"], event["became"]) == (0, True, {found["code"]: [f"{found['code'][:6]}077"]})
    assert event["lines"] == [{**line, "source": "the city"}]
    assert Step.objects.count() == before and typed("units", "locate", "10.02", "50.02")[1]["code"] == found["code"]
    code, event = typed("units", "renumber", str(spec))
    assert (code, event["mapping"]) == (0, {found["code"]: f"{found['code'][:6]}077"})
    spec.write_text("colour = 1\n")
    for verb in ("split", "merge", "renumber"):
        code, said = typed("units", verb, str(spec))
        assert (code, said["error"]["code"]) == (2, "units.spec")
    spec.write_text('codes = ["1"]\n')
    assert typed("units", "renumber", str(spec))[1]["error"]["field"] == "codes"
    part = '[[parts]]\nnames = {{en = "A"}}\nshape = "{}"\n'
    (tmp_path / "no.json").write_text("{")
    for shape, code in (("nowhere.json", "cli.file"), ("no.json", "units.split.shape")):
        spec.write_text(f'code = "{found["code"][:6]}077"\n' + part.format(shape) * 2)
        assert typed("units", "split", str(spec))[1]["error"]["code"] == code
    spec.write_text("not toml")
    assert typed("units", "merge", str(spec))[1]["error"]["code"] == "units.file"
