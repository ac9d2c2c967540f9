"""The register of components as a file: what one may see of it, whole, harmless, read back by the docs' map."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cityloop.doors.web.desk import register_files
from cityloop.town.components.actions import keeping
from cityloop.town.components.importing.actions import import_components
from cityloop.town.components.importing.mapping import read_map
from cityloop.town.components.models import Component, Serial, Square, Tally
from cityloop.town.ledger.models import Step
from tests.steady import steady
from tests.town.components.things import EAST, furnish, put
from tests.town.staff import BY, seat

DOCS = Path("docs/how-to/bring-your-components.md")
KEPT = ("code", "type", "name", "state", "lon", "lat", "accuracy", "responsible", "owner", "maintainer", "installed",
        "surveyed", "attributes", "unit_code", "level")  # fmt: skip


@pytest.fixture
def things(town):
    furnish()
    lamp = put(name="Gate 7", attributes={"height": 7.25, "kind": "led", "lit": True, "since": "2018-05-01"})
    tree = put("street_tree", place=EAST, name='大槐树, "old"', attributes={"species": "槐 oak"})
    keeping.change(code=tree.code, state="damaged", organisations={"owner": town.orgs["roads"].pk}, by=BY, at=tree.at)
    return lamp, tree, put("camera", place=(10.04, 50.0612345))


def taken(browser, kind="csv", **query):
    answer = browser.get(f"/desk/components.{kind}", query)
    assert answer.status_code == 200, answer.content[:300]
    assert f'filename="components.{kind}"' in answer["Content-Disposition"]
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def rows(browser, **query):
    return list(csv.DictReader(io.StringIO(taken(browser, **query).decode("utf-8-sig"))))


def codes(browser, **query):
    return [row["code"] for row in rows(browser, **query)]


def test_a_file_has_what_the_list_shows_and_its_post_may_see(at_desk, things, town):
    lamp, tree, camera = things
    desk = at_desk("shift")
    said = rows(desk)[0]
    assert (said["code"], said["type_name"], said["state_name"]) == (lamp.code, "Street lamp", "Intact")
    assert (said["attributes.height"], said["responsible"], said["attributes.species"]) == ("7.25", "roads", "")
    assert set(codes(desk)) == {one.code for one in things}
    assert set(codes(at_desk("police"))) == {lamp.code, tree.code}
    narrowed = (
        ("type", "lamp", [lamp]), ("state", "damaged", [tree]), ("unit", "100102", [tree]),
        ("code", lamp.code[:10], [lamp]), ("type", "no", []), ("type", "camera", [camera]),
    )  # fmt: skip
    for name, value, found in narrowed:
        assert codes(desk, **{name: value}) == [one.code for one in found], value
    assert "attributes.species" not in rows(desk, type="lamp")[0]
    step = Step.objects.filter(kind="export").latest("id")
    assert json.loads(step.data) == {"filters": ["type"], "of": "components"}
    assert "/desk/components.csv" not in desk.get("/desk/components?state=lost").content.decode()
    assert 'href="/desk/components.csv?type=lamp"' in desk.get("/desk/components?type=lamp").content.decode()


def test_who_may_take_it(client, town, things):
    for role, status in (("data_steward", 200), ("city_engineer", 200), ("integrator", 403), ("security_officer", 403)):
        client.force_login(seat(town.orgs["city"], role, "100101", 2))
        assert client.get("/desk/components.geojson").status_code == status, role


def test_no_cell_is_a_formula(at_desk, things):
    put(name="=cmd|' /C calc'!A0", attributes={"note": "+1"})
    said = next(row for row in rows(at_desk("shift")) if "cmd" in row["name"])
    assert said["name"].startswith("'=") and said["attributes.note"] == "'+1"
    assert taken(at_desk("shift"), "xlsx")[:2] == b"PK"


def test_pages_leave_nothing_out_and_cost_two_statements_each(at_desk, things, monkeypatch, settings):
    steady(settings)
    for n in range(5):
        put(place=(10.01 + n / 1000, 50.07))
    desk, counts = at_desk("shift"), []
    for size in (1_000, 2):
        monkeypatch.setattr(register_files, "PAGE", size)
        codes(desk)
        with CaptureQueriesContext(connection) as asked:
            assert codes(desk) == sorted(Component.objects.values_list("code", flat=True))
        counts.append(len(asked))
    assert counts[1] - counts[0] == 2 * 3, "three pages more"


def test_a_file_in_the_visitors_language(at_desk, things):
    desk = at_desk("shift")
    desk.cookies["django_language"] = "zh-hans"
    assert rows(desk)[0]["state_name"] == "完好"


def documented(path: Path, attributes: list[str], place: bool) -> Path:
    """Write the map of the docs, with an attribute for each column of a file."""
    text = next(block for block in re.findall(r"```toml\n(.*?)```", DOCS.read_text(), re.S) if '"register"' in block)
    text = text[: text.index("[attributes.height]")]
    text = text if place else re.sub(r"\[place\].*?\nlat[^\n]*\n", "", text, flags=re.S)
    text += "".join(f'[attributes.{key}]\ncolumn = "attributes.{key}"\n' for key in attributes)
    path.write_text(text)
    return path


@pytest.mark.parametrize("kind", ["csv", "geojson"])
def test_the_map_of_the_docs_reads_a_file_back(at_desk, things, tmp_path, kind):
    put(name="=1", attributes={"height": -3}) if kind == "geojson" else put(attributes={"height": -3})
    before = list(Component.objects.order_by("code").values(*KEPT))
    file = tmp_path / f"register.{kind}"
    file.write_bytes(taken(at_desk("shift"), kind))
    for model in (Component, Serial, Square, Tally):
        model.objects.all().delete()
    attributes = ["height", "kind", "lit", "since", "species"]
    rules = read_map(documented(tmp_path / "map.toml", attributes, place=kind == "csv"))
    tally = import_components(path=file, rules=rules, reject_file=tmp_path / "rejects.csv", by=BY, at=things[0].at)
    assert (tally.created, tally.rejected) == (4, 0), (tmp_path / "rejects.csv").read_text()
    assert list(Component.objects.order_by("code").values(*KEPT)) == before
    again = import_components(path=file, rules=rules, reject_file=tmp_path / "rejects.csv", by=BY, at=things[0].at)
    assert again.unchanged == 4
