"""Where the base map comes from: a file of ours, a PMTiles file, or a MapLibre style of another server."""

from pathlib import Path
from urllib.parse import urlsplit

from cityloop.ground.kit.refusal import Refusal


def map_source(text: str, home: Path) -> tuple[Path, str]:
    """Give the PMTiles file, and the address of the style that stands in its place ("" for none)."""
    own = home / "basemap.pmtiles"
    if "://" not in text:
        return (Path(text).expanduser() if text else own), ""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise Refusal("config.map", "CITYLOOP_MAP is a PMTiles file, or the https:// address of a MapLibre style.")
    return own, text


def origin(address: str) -> list[str]:
    """Give the one origin that pages may ask for a style, its tiles, signs and letters; none without a style."""
    parts = urlsplit(address)
    return [f"{parts.scheme}://{parts.netloc}"] if address else []
