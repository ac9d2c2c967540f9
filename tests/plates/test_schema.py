"""The JSON Schemas for editors take what the loader takes, and refuse what it refuses."""

import json
import tomllib
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from cityloop.doors.cli.plates import plates as verbs
from cityloop.ground.kit.registry import plates

pytestmark = pytest.mark.once

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


def validator(name):
    return Draft202012Validator(json.loads((REFERENCE / name).read_text()))


def plain(path):
    """Read a TOML file as an editor hands it to a schema: dates as text."""
    told = tomllib.loads(path.read_text())
    return json.loads(json.dumps(told, default=datetime.isoformat))


@pytest.mark.parametrize("name", plates())
def test_they_take_our_plates(name):
    folder = plates()[name]
    files = {"plate.schema.json": [folder / "plate.toml"], "plate-quality.schema.json": [folder / "quality.toml"]}
    files["plate-stories.schema.json"] = sorted(folder.glob("stories/*.toml"))
    for schema, paths in files.items():
        for path in paths:
            assert [error.message for error in validator(schema).iter_errors(plain(path))] == [], path


def test_they_refuse_what_is_misspelt():
    told = plain(plates()["municipal"] / "plate.toml")
    told["matters"][0]["limt"] = "4 wh"
    told["matters"][1]["milestones"][0]["limit"] = "4 hours"
    wrong = {".".join(map(str, error.path)) for error in validator("plate.schema.json").iter_errors(told)}
    assert wrong == {"matters.0", "matters.1.milestones.0.limit"}


@pytest.mark.parametrize("part", ["plate", "stories", "quality"])
def test_an_author_with_the_package_alone_has_them_too(part):
    """What the command gives is what stands in the reference."""
    done = CliRunner().invoke(verbs, ["schema", part])
    name = "plate.schema.json" if part == "plate" else f"plate-{part}.schema.json"
    assert done.exit_code == 0 and json.loads(done.output) == json.loads((REFERENCE / name).read_text())
