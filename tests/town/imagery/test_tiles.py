"""GeoTIFFs of our own: checked when they come in, and each tile shows what lies there."""

import io
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.enums import ColorInterp, Resampling
from rasterio.transform import from_bounds
from rasterio.warp import transform_bounds

from cityloop.ground.codes.tiles import box_of, tile_at
from cityloop.ground.kit.refusal import Refusal
from cityloop.town.imagery import actions, pictures, queries
from tests.town.imagery.above import BOX, HIGH, WIDE, draw, picture

RED = (200, 60, 40)


def pixels(body: bytes | None) -> "np.ndarray[Any, Any]":
    assert body is not None
    drawn = Image.open(io.BytesIO(body))
    assert (drawn.format, drawn.size) == ("WEBP", (256, 256))
    return np.asarray(drawn.convert("RGBA")).astype(int)


def test_a_picture_is_known_and_cut(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.tif", RED, compress="JPEG")
    known = pictures.examine(path)
    assert known.box == pytest.approx(BOX) and known.shallowest < known.deepest and known.copies
    for zoom in range(known.shallowest, known.deepest + 1):
        seen = pixels(pictures.tile(path, pictures.version(path), tile_at(10.03, 50.08, zoom)))
        assert np.abs(np.median(seen[seen[..., 3] == 255][:, :3], axis=0) - RED).max() < 12, zoom
    # The line through the middle of the picture lies at its latitude, to a pixel.
    wanted = tile_at(10.1, 50.05, known.deepest)
    seen = pixels(pictures.tile(path, "1", wanted))
    _west, south, _east, north = box_of(wanted)
    row = seen[:, 128, :3].sum(axis=1).argmin()
    assert abs(row - 256 * (north - 50.05) / (north - south)) < 3


def test_beyond_its_edges_a_tile_is_clear(tmp_path: Path) -> None:
    path = draw(tmp_path / "a.tif", RED)
    known = pictures.examine(path)
    wanted = tile_at(10.0, 50.05, known.deepest)
    west, _south, east, _north = box_of(wanted)
    edge = round(256 * (10.0 - west) / (east - west))
    seen = pixels(pictures.tile(path, "1", wanted))
    assert 3 < edge < 253 and (seen[:, : edge - 2, 3] == 0).all() and (seen[:, edge + 2 :, 3] == 255).all()
    assert pictures.tile(path, "1", tile_at(11.0, 51.0, known.deepest)) is None


@pytest.mark.parametrize(
    ("colour", "fourth", "shown"),
    [
        ((90,), None, (90, 90, 90)),
        ((10, 220, 30, 255), ColorInterp.alpha, (10, 220, 30)),
        ((10, 220, 30, 9), ColorInterp.undefined, (10, 220, 30)),  # near infrared is not seen
    ],
)
def test_grey_alpha_and_what_is_not_seen(tmp_path: Path, colour: Any, fourth: Any, shown: tuple[int, ...]) -> None:
    meant = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, fourth) if fourth is not None else ()
    path = draw(tmp_path / "a.tif", colour, meant=meant)
    seen = pixels(pictures.tile(path, "1", tile_at(10.03, 50.08, pictures.examine(path).deepest)))
    assert np.abs(np.median(seen[..., :3].reshape(-1, 3), axis=0) - shown).max() < 12


def test_other_coordinates_lie_in_the_same_place(tmp_path: Path) -> None:
    metres = transform_bounds("EPSG:4326", "EPSG:32632", *BOX)
    path = draw(tmp_path / "utm.tif", RED, crs="EPSG:32632", transform=from_bounds(*metres, WIDE, HIGH))
    known = pictures.examine(path)
    assert known.box == pytest.approx(BOX, abs=0.01)
    seen = pixels(pictures.tile(path, "1", tile_at(10.03, 50.08, known.deepest)))
    assert np.abs(np.median(seen[..., :3].reshape(-1, 3), axis=0) - RED).max() < 12


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("layout", {"driver": "GTiff"}),
        ("layout", {"driver": "GTiff", "tiled": True, "width": 3000, "height": 1500}),
        ("place", {"crs": None}),
        ("colours", {"dtype": "uint16"}),
    ],
)
def test_another_layout_is_refused_with_what_to_do(tmp_path: Path, code: str, more: dict[str, Any]) -> None:
    if "width" in more:
        more = {**more, "transform": from_bounds(*BOX, more["width"], more["height"])}
    path = draw(tmp_path / "plain.tif", RED, **more)
    with pytest.raises(Refusal, match=r"plain\.tif") as refused:
        pictures.examine(path)
    assert (refused.value.code, refused.value.field) == (f"imagery.cog.{code}", "cog")
    assert code == "place" or "gdal_translate -of COG" in str(refused.value)


def test_directories_behind_the_pictures_are_refused(tmp_path: Path) -> None:
    path = draw(tmp_path / "late.tif", RED, driver="GTiff", tiled=True, width=2400, height=1200,
                transform=from_bounds(*BOX, 2400, 1200))  # fmt: skip
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4], Resampling.average)
    with pytest.raises(Refusal, match="directories"):
        pictures.examine(path)


def test_what_is_no_geotiff_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tif").write_text("<VRTDataset/>")
    with pytest.raises(Refusal, match="is not a GeoTIFF"):
        pictures.examine(tmp_path / "x.tif")


def test_only_what_it_covers_is_cut(town: Any) -> None:
    one = picture("spring", date(2018, 3, 1))
    assert queries.tile(one, tile_at(10.05, 50.05, one.deepest)) is not None
    for wanted in (tile_at(12.0, 50.05, one.deepest), tile_at(10.05, 50.05, one.deepest + 1), (0, 0, 0)):
        assert queries.tile(one, wanted) is None


def test_a_file_is_copied_or_linked_under_its_key(town: Any, tmp_path: Path) -> None:
    path = draw(tmp_path / "flight 7.tif", RED)
    for link in (False, True, False):
        assert actions.take_in(file=path, key="spring", link=link) == "spring.tif"
        place = queries.path_of("spring.tif")
        assert place.is_symlink() is link and place.read_bytes() == path.read_bytes()
    assert queries.files() == ["spring.tif"]
    with pytest.raises(Refusal, match="blocks"):
        actions.take_in(file=draw(tmp_path / "plain.tif", RED, driver="GTiff"), key="spring")
