"""Pictures good and hostile, made by hand so that nothing binary is committed."""

import struct
import zlib
from io import BytesIO

from PIL import ExifTags, Image


def jpeg(size: tuple[int, int] = (64, 48), color: str = "red", exif: Image.Exif | None = None) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, color).save(out, "JPEG", **({"exif": exif} if exif is not None else {}))
    return out.getvalue()


def picture(form: str, mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> bytes:
    out = BytesIO()
    Image.new(mode, size).save(out, form)
    return out.getvalue()


def located(orientation: int = 6) -> Image.Exif:
    """EXIF of a phone: New York City Hall, 2018-10-21 16:00:05 UTC, a serial number, a turned picture."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "SecretMaker"
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", (40.0, 42.0, 45.0)
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "W", (74.0, 0.0, 21.6)
    gps[ExifTags.GPS.GPSDateStamp], gps[ExifTags.GPS.GPSTimeStamp] = "2018:10:21", (16.0, 0.0, 5.0)
    return exif


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(width: int, height: int) -> bytes:
    """A tiny PNG that says it is huge: 60,000 × 60,000 pixels would be 10 GB."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def png_text_bomb() -> bytes:
    """A PNG whose compressed text chunk unpacks to 200 MB."""
    whole = picture("PNG")
    text = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"A" * 200_000_000, 9))
    return whole[:33] + text + whole[33:]


HTML = b"<html><script>alert(document.cookie)</script></html>"


def polyglot() -> bytes:
    """A JPEG that is also a page: script in its comment and after its end."""
    whole = jpeg()
    comment = b"\xff\xfe" + struct.pack(">H", len(HTML) + 2) + HTML
    return whole[:2] + comment + whole[2:] + HTML


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100
