"""Cloud-optimised GeoTIFFs of our own: checked when they come in, cut into tiles when a map asks."""

import functools
import importlib.util
import io
import math
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from PIL import Image

from cityloop.ground.codes.tiles import DEEPEST, Box, Tile
from cityloop.ground.kit.refusal import Refusal

if TYPE_CHECKING:
    import numpy as np

SIDE = 256
ROUND = 40_075_016.68557849  # metres around the equator, as wide as the one tile that holds the world
WEB = "EPSG:3857"
COARSE = 1024  # pixels: the smallest copy of a picture fits in so many, so that no tile reads more
BLOCK = 1024  # pixels: a part of the file that is read at once is no wider
MEGABYTES = 32  # of parts that GDAL keeps for all pictures of a process
OPEN = 4  # pictures that a thread keeps open: a part read once is not unpacked again for the tile beside
KEPT = 256  # tiles kept in a process: a few megabytes
QUALITY = 80
# Only the file itself is opened, and nothing that lies beside it.
OPTIONS = {"GDAL_CACHEMAX": MEGABYTES << 20, "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}


class Known(msgspec.Struct, frozen=True):
    """What a checked picture is: its edges, its zooms, metres a pixel on the web, how much smaller its copies are."""

    box: Box
    shallowest: int
    deepest: int
    metres: float
    copies: tuple[int, ...]


def readable() -> bool:
    """Tell whether this installation can read GeoTIFFs: it needs the extra `imagery`."""
    return importlib.util.find_spec("rasterio") is not None


def need() -> None:
    """Refuse where GeoTIFFs cannot be read."""
    if not readable():
        raise Refusal(
            "imagery.extra", "To read GeoTIFFs, install the extra: pip install 'cityloop[imagery]'.", "kind"
        )  # fmt: skip


def version(path: Path) -> str:
    """Give what changes when a file does; "" where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns:x}-{found.st_size:x}"


def examine(path: Path) -> Known:
    """Check a picture and say what it is. Refuses what is no GeoTIFF, lies nowhere, or would be slow to cut."""
    need()
    with _options(), _opened(path) as source:
        _check_place(source, path)
        _check_colours(source, path)
        _check_layout(source, path)
        return _known(source)


def tile(path: Path, version: str, wanted: Tile) -> bytes | None:
    """Give a tile as WebP, None where the picture has nothing. Kept by the version of the file."""
    need()
    return _tile(path, version, wanted)


@functools.lru_cache(maxsize=KEPT)
def _tile(path: Path, version: str, wanted: Tile) -> bytes | None:
    return _encoded(_cut(path, version, wanted))


@functools.lru_cache(maxsize=64)
def _of(path: Path, version: str) -> Known:
    with _options(), _opened(path) as source:
        return _known(source)


def _options() -> Any:
    import rasterio  # only now: 50 MB of every process that cuts no tile

    return rasterio.Env(**OPTIONS)


def _opened(path: Path, **more: Any) -> Any:
    import rasterio

    try:
        return rasterio.open(path, driver="GTiff", sharing=False, **more)
    except rasterio.errors.RasterioIOError as error:
        raise Refusal("imagery.cog.file", "{file} is not a GeoTIFF.", "cog", file=path.name) from error


_mine = threading.local()


def _kept(path: Path, version: str, copy: int | None) -> Any:
    """Give a picture, or one of its smaller copies, as this thread keeps it open; those not asked for longest close."""
    held: OrderedDict[tuple[Path, str, int | None], Any] = _mine.__dict__.setdefault("held", OrderedDict())
    wanted = (path, version, copy)
    if wanted not in held:
        held[wanted] = _opened(path, **({} if copy is None else {"overview_level": copy}))
    held.move_to_end(wanted)
    while len(held) > OPEN:
        held.popitem(last=False)[1].close()
    return held[wanted]


def _check_place(source: Any, path: Path) -> None:
    if source.crs is None or source.transform.is_identity:
        raise _nowhere(path)


def _nowhere(path: Path) -> Refusal:
    return Refusal(
        "imagery.cog.place", "{file} does not say where on the map it lies. Give its coordinates when making it.",
        "cog", file=path.name,
    )  # fmt: skip


def _check_colours(source: Any, path: Path) -> None:
    plain = source.count in (1, 2, 3, 4) and set(source.dtypes) == {"uint8"}
    if not plain or "palette" in {one.name for one in source.colorinterp}:
        raise Refusal(
            "imagery.cog.colours",
            "{file} has not one to four bands of 8 bits without a palette. Make one with {how}.",
            "cog", file=path.name, how="gdal_translate -of COG -ot Byte -scale",
        )  # fmt: skip


def _check_layout(source: Any, path: Path) -> None:
    """Refuse what is not laid out for reading a part: in blocks, with smaller copies, directories before pictures."""
    wide, copies = max(source.width, source.height), source.overviews(1)
    high, broad = source.block_shapes[0]
    about: dict[str, Any] = {"field": "cog", "file": path.name, "how": "gdal_translate -of COG"}
    if wide > BLOCK and (max(high, broad) > BLOCK or broad >= source.width):
        raise Refusal("imagery.cog.layout", "{file} is not cloud-optimised: not in blocks. Use {how}.", **about)
    if wide // max(copies, default=1) > COARSE:
        raise Refusal("imagery.cog.layout", "{file} is not cloud-optimised: no smaller copies. Use {how}.", **about)
    where = functools.partial(source.get_tag_item, "IFD_OFFSET", "TIFF", bidx=1)
    directories = [where(), *(where(ovr=n) for n in range(len(copies)))]
    first = source.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", bidx=1)
    if any(one is None for one in directories) or (first and max(map(int, directories)) > int(first)):
        raise Refusal(
            "imagery.cog.layout", "{file} is not cloud-optimised: directories behind the pictures. Use {how}.", **about
        )  # fmt: skip


def _known(source: Any) -> Known:
    from rasterio.errors import RasterioError
    from rasterio.warp import calculate_default_transform, transform_bounds

    try:
        west, south, east, north = transform_bounds(source.crs, "EPSG:4326", *source.bounds)
        web, wide, high = calculate_default_transform(source.crs, WEB, source.width, source.height, *source.bounds)
    except RasterioError as error:
        raise _nowhere(Path(source.name)) from error
    metres = min(abs(web.a), abs(web.e))
    if not (math.isfinite(metres) and metres > 0 and wide > 0 and high > 0):
        raise _nowhere(Path(source.name))
    deepest = min(math.ceil(math.log2(ROUND / SIDE / metres) - 0.01), DEEPEST)
    shallowest = math.floor(math.log2(ROUND / (max(wide, high) * metres)))
    last = max(deepest, 0)
    return Known((west, south, east, north), min(max(shallowest, 0), last), last, metres, tuple(source.overviews(1)))


def _cut(path: Path, version: str, wanted: Tile) -> "np.ndarray[Any, Any]":
    """Read the pixels of a tile, red, green, blue and alpha, from the smallest copy that is fine enough."""
    known = _of(path, version)
    from rasterio.enums import ColorInterp, Resampling
    from rasterio.errors import RasterioError
    from rasterio.transform import from_origin
    from rasterio.vrt import WarpedVRT

    zoom, column, row = wanted
    size = ROUND / (1 << zoom)
    fits = [n for n, smaller in enumerate(known.copies) if known.metres * smaller <= size / SIDE * 1.01]
    place = from_origin(column * size - ROUND / 2, ROUND / 2 - row * size, size / SIDE, size / SIDE)
    options = {"crs": WEB, "transform": place, "width": SIDE, "height": SIDE, "warp_mem_limit": MEGABYTES}
    with _options():
        source = _kept(path, version, fits[-1] if fits else None)
        own = [n for n, meant in enumerate(source.colorinterp) if meant is ColorInterp.alpha]
        try:
            with WarpedVRT(source, resampling=Resampling.bilinear, add_alpha=not own, **options) as seen:
                return _four(seen.read(), own[0] if own else -1)
        except RasterioError as error:
            raise Refusal("imagery.cog.broken", "{file} cannot be read here.", "cog", file=path.name) from error


def _four(bands: "np.ndarray[Any, Any]", alpha: int) -> "np.ndarray[Any, Any]":
    """Give bands as red, green, blue and alpha: one of grey stands for three, and what is not seen is left out."""
    import numpy as np

    colours = np.delete(bands, alpha, axis=0)
    return np.concatenate([colours[:3] if len(colours) >= 3 else np.repeat(colours[:1], 3, axis=0), bands[[alpha]]])


def _encoded(bands: "np.ndarray[Any, Any]") -> bytes | None:
    if not bands[3].any():
        return None
    drawn = Image.fromarray(bands.transpose(1, 2, 0), "RGBA")
    out = io.BytesIO()
    (drawn if (bands[3] < 255).any() else drawn.convert("RGB")).save(out, "WEBP", quality=QUALITY, method=2)
    return out.getvalue()
