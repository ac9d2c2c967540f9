"""WMTS: a capabilities document becomes the template of a layer's tiles."""

import pytest

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.imagery import rules, wmts
from tests.town.imagery.above import capabilities

pytestmark = pytest.mark.once


def test_templates() -> None:
    found = wmts.read(capabilities())
    assert found.template == "https://wmts.example.org/ortho/plain/2024/web/{z}/{y}/{x}.jpg"
    assert (found.title, found.provider) == ("Orthophoto", "Survey of Smallville")
    assert (found.box, found.shallowest, found.deepest) == ((9.9, 49.9, 10.3, 50.2), 10, 19)
    assert "/2020/" in wmts.read(capabilities(), "ortho", "2020").template
    assert rules.template(found.template) == found.template


def test_keys_and_values_and_matrices_with_a_prefix() -> None:
    found = wmts.read(capabilities(rest=False, prefix="EPSG:3857:"), time="2020")
    assert found.template == (
        "https://wmts.example.org/kvp?map=1&SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=ortho&STYLE=plain"
        "&FORMAT=image%2Fjpeg&Time=2020&TILEMATRIXSET=web&TILEMATRIX=EPSG:3857:{z}&TILEROW={y}&TILECOL={x}"
    )
    assert rules.template(found.template) == found.template


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"<html/>", "imagery.wmts", "capabilities"),
        (b"no document at all", "imagery.wmts", "capabilities"),
        (capabilities(head='<!DOCTYPE x [<!ENTITY a "b">]>'), "imagery.wmts", "capabilities"),
        (capabilities(crs="urn:ogc:def:crs:EPSG::4326"), "imagery.wmts.grid", "layer"),
        (capabilities(corner="0 0"), "imagery.wmts.matrices", "layer"),
        (capabilities(prefix="L0"), "imagery.wmts.matrices", "layer"),
        (capabilities(format="image/tiff"), "imagery.wmts.format", "layer"),
    ],
)
def test_what_cannot_be_shown_is_refused(body: bytes, code: str, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        if code == "imagery.wmts.matrices" and b"L0" in body:
            body = body.replace(b"L012<", b"twelve<").replace(b"L010<", b"ten<")
        wmts.read(body)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_an_unknown_layer_or_time_is_told_with_those_there_are() -> None:
    with pytest.raises(Refusal, match="ortho"):
        wmts.read(capabilities(), "streets")
    with pytest.raises(Refusal, match="2020, 2024"):
        wmts.read(capabilities(), time="1999")
