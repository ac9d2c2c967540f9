"""From the bytes that someone sent to a clean picture: nothing of the original file survives but its pixels.

Decoding is where hostile files bite. The real type is taken from the content, the number of pixels from the
header before any is decoded, one picture is decoded at a time in a process, and what is kept is written anew.
"""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from cityloop.ground.kit.refusal import Refusal

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_SIDE = 4096
THUMBNAILS = (320, 1280)
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
FIELD = "photo"

_one_at_a_time = threading.Lock()


class Taken(NamedTuple):
    """What a camera wrote about where and when; None where it did not, or wrote nonsense."""

    lon: float | None
    lat: float | None
    at: int | None


class Picture(NamedTuple):
    """A clean picture, its thumbnails by longest side (always JPEG), and where and when it was taken."""

    content: bytes
    mime: str
    width: int
    height: int
    thumbnails: dict[int, bytes]
    taken: Taken


def clean(data: bytes) -> Picture:
    """Check, decode and write anew a JPEG, PNG or WebP picture; refuse everything else, naming `photo`."""
    if len(data) > MAX_BYTES:
        raise too_big()
    with _one_at_a_time:
        try:
            return _clean(data)
        except Refusal:
            raise
        except Image.DecompressionBombError as error:
            raise _too_many_pixels() from error
        except Exception as error:  # noqa: BLE001  a hostile file can make a decoder raise anything
            raise Refusal("files.photo.broken", "This picture is damaged; take or choose another.", FIELD) from error


def too_big() -> Refusal:
    return Refusal("files.photo.big", "Choose a photo of at most 20 MB.", FIELD)


def _clean(data: bytes) -> Picture:
    image = _opened(BytesIO(data), data)
    form = "JPEG" if image.format == "MPO" else str(image.format)  # phones put several pictures in one JPEG
    if image.width * image.height > MAX_PIXELS:
        raise _too_many_pixels()
    taken, turn = _taken(image), _turn(image)
    image.draft("RGB", (MAX_SIDE, MAX_SIDE))  # lets a JPEG decode at a fraction of its size and memory
    image.load()
    picture = _upright(image, turn)
    thumbnails = {side: _written(_fitted(picture, side), "JPEG") for side in THUMBNAILS}
    return Picture(_written(picture, form), FORMATS[form], picture.width, picture.height, thumbnails, taken)


def _opened(file: BinaryIO, data: bytes) -> Image.Image:
    try:
        return Image.open(file, formats=tuple(FORMATS))
    except UnidentifiedImageError as error:
        if data[4:8] == b"ftyp":
            raise Refusal(
                "files.photo.heic",
                "HEIC and AVIF photos cannot be read; save it as JPEG (on an iPhone: Most Compatible).",
                FIELD,
            ) from error
        raise Refusal("files.photo.type", "Choose a photo in JPEG, PNG or WebP format.", FIELD) from error


def _too_many_pixels() -> Refusal:
    return Refusal("files.photo.pixels", "Choose a photo of at most 50 million pixels.", FIELD)


def _upright(image: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    """Flatten transparency and unusual modes to RGB, fit into the longest side, turn as the camera was held."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.new("RGB", layer.size, "white")
        image.paste(layer, mask=layer.getchannel("A"))
    fitted = _fitted(image.convert("RGB"), MAX_SIDE)
    return fitted if turn is None else fitted.transpose(turn)


def _fitted(image: Image.Image, side: int) -> Image.Image:
    return image if max(image.size) <= side else ImageOps.contain(image, (side, side))


def _written(image: Image.Image, form: str) -> bytes:
    """Write pixels only: a fresh picture carries no EXIF, comment, profile or trailing bytes."""
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    out = BytesIO()
    options: dict[str, dict[str, Any]] = {"JPEG": {"quality": 88, "optimize": True}, "WEBP": {"quality": 88}}
    bare.save(out, form, **options.get(form, {}))
    return out.getvalue()


def _turn(image: Image.Image) -> Image.Transpose | None:
    try:
        return TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001  as for `_taken`
        return None


def _taken(image: Image.Image) -> Taken:
    """Read place and time; a broken EXIF block means none, never a refusal."""
    try:
        exif = image.getexif()
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        lon = _degrees(gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "W", 180)
        lat = _degrees(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "S", 90)
        lon, lat = (lon, lat) if lon is not None and lat is not None else (None, None)
        return Taken(lon, lat, _time(exif.get_ifd(ExifTags.IFD.Exif), gps))
    except Exception:  # noqa: BLE001  EXIF is a maze; whatever goes wrong in it, the pixels still count
        return Taken(None, None, None)


def _degrees(gps: Mapping[int, Any], value: int, ref: int, negative: str, most: float) -> float | None:
    if value not in gps:
        return None
    degrees, minutes, seconds = (float(part) for part in gps[value])
    size = degrees + minutes / 60 + seconds / 3600
    if not 0 <= size <= most or (degrees, minutes, seconds) == (0, 0, 0):
        return None
    return -size if str(gps.get(ref, "")).upper().startswith(negative) else size


def _time(exif: Mapping[int, Any], gps: Mapping[int, Any]) -> int | None:
    """Give the instant when it is certain: satellite time, else camera time with its offset."""
    if ExifTags.GPS.GPSDateStamp in gps and ExifTags.GPS.GPSTimeStamp in gps:
        day = datetime.strptime(str(gps[ExifTags.GPS.GPSDateStamp]), "%Y:%m:%d").replace(tzinfo=UTC)
        hours, minutes, seconds = (float(part) for part in gps[ExifTags.GPS.GPSTimeStamp])
        return _micros(day + timedelta(hours=hours, minutes=minutes, seconds=seconds))
    local, offset = exif.get(ExifTags.Base.DateTimeOriginal), exif.get(ExifTags.Base.OffsetTimeOriginal)
    if not (local and offset):
        return None
    sign = -1 if str(offset).startswith("-") else 1
    hour, minute = str(offset).strip("+-").split(":")
    zone = timezone(sign * timedelta(hours=int(hour), minutes=int(minute)))
    return _micros(datetime.strptime(str(local), "%Y:%m:%d %H:%M:%S").replace(tzinfo=zone))


def _micros(when: datetime) -> int:
    return (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
