"""What Vite built: read from its manifest, once, or anew when the file has changed."""

import functools
import json
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from cityloop.ground.kit.remembered import Remembered

FOLDER = Path(__file__).resolve().parent / "static" / "build"


MANIFEST = FOLDER / "manifest.json"
NOT_BUILT = "The pages are not built. Run `make setup` (or `npm run build`)."


def _changed() -> int:
    try:
        return MANIFEST.stat().st_mtime_ns
    except FileNotFoundError as error:
        raise ImproperlyConfigured(NOT_BUILT) from error


def _read() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(MANIFEST.read_text())
    return found


# The manifest: source name → built file, what it imports, its styles. A page asks for it some forty times.
manifest = Remembered(_read, _changed)


def address(source: str) -> str:
    """Give the address of the file built from a source such as `frontend/public.ts`."""
    return _served(manifest()[source]["file"])


@functools.lru_cache(maxsize=512)
def _served(file: str) -> str:
    return static(f"build/{file}")


def worker() -> str:
    """Give the script of the service worker. It has one name for ever: browsers look for it there."""
    path = FOLDER / "sw.js"
    try:
        return _text(path, path.stat().st_mtime_ns)
    except FileNotFoundError as error:
        raise ImproperlyConfigured(NOT_BUILT) from error


@functools.lru_cache(maxsize=1)
def _text(path: Path, _changed: int) -> str:
    return path.read_text()


def parts(source: str) -> tuple[list[str], list[str]]:
    """List what a page needs besides its script: styles, and scripts to fetch early."""
    styles: list[str] = []
    scripts: list[str] = []
    _collect(source, styles, scripts, set())
    return [_served(s) for s in styles], [_served(s) for s in scripts]


def _collect(source: str, styles: list[str], scripts: list[str], seen: set[str]) -> None:
    if source in seen:
        return
    seen.add(source)
    entry = manifest()[source]
    for below in entry.get("imports", []):
        _collect(below, styles, scripts, seen)
        scripts.append(manifest()[below]["file"])
    styles.extend(s for s in entry.get("css", []) if s not in styles)
