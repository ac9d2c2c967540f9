"""Master keys: from `CITYLOOP_HOME/keys/persons.keys` where it exists, else derived from the secret key.

The file has one key a line (64 hex digits), the newest first, and must be readable by its owner only.
Without it, Django's `SECRET_KEY` gives the current key and `SECRET_KEY_FALLBACKS` (`CITYLOOP_OLD_SECRET_KEYS`) the
older ones, so renewing the secret follows Django's own procedure; then run `renewing.renew_keys` before dropping the
old one.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from cityloop.ground.kit.remembered import Remembered
from cityloop.town.calendar.queries import cache_seconds


@dataclass(frozen=True, slots=True)
class Key:
    """A master key, the id that names it in tokens, and the secret of its blind indexes."""

    id: str
    secret: bytes
    index_secret: bytes


class KeyMissing(Exception):
    """A token names a master key that this installation does not have."""


def ring() -> tuple[Key, ...]:
    """Give all master keys, the one to seal with first. The file is looked at once a second."""
    return _ring()


def current() -> Key:
    return ring()[0]


def by_id(key_id: str) -> Key:
    """Give the key of this id; one that another process has just added is found too."""
    for look_again in (False, True):
        if look_again:
            _ring.forget()
        for key in ring():
            if key.id == key_id:
                return key
    raise KeyMissing(f"Master key {key_id} is missing: put it back into {key_file()} or CITYLOOP_OLD_SECRET_KEYS.")


def key_file() -> Path:
    return Path(settings.HOME) / "keys" / "persons.keys"


def add_key() -> Key:
    """Write a fresh master key in front of those in the file (created with mode 0600)."""
    path = key_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    older = path.read_text() if path.exists() else ""
    fresh = path.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(token_hex(32) + "\n" + older)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    _ring.forget()
    return current()


def _sources() -> tuple[float, str, tuple[str, ...]]:
    path = key_file()
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    return stamp, settings.SECRET_KEY, tuple(getattr(settings, "SECRET_KEY_FALLBACKS", ()))


def _read() -> tuple[Key, ...]:
    stamp, secret, fallbacks = _sources()
    derived = [_key(text.encode()) for text in (secret, *fallbacks)]
    return tuple([*_from_file(key_file()), *derived] if stamp else derived)


def _from_file(path: Path) -> list[Key]:
    if path.stat().st_mode & 0o077:
        raise ImproperlyConfigured(f"{path} can be read by others: chmod 600 it.")
    return [_key(bytes.fromhex(line.strip())) for line in path.read_text().splitlines() if line.strip()]


def _key(material: bytes) -> Key:
    secret, index, name = (_derive(material, use) for use in ("wrap", "index", "id"))
    return Key(id=name.hex()[:12], secret=secret, index_secret=index)


def _derive(material: bytes, use: str) -> bytes:
    return HKDF(SHA256(), 32, None, f"cityloop persons {use}".encode()).derive(material)


_ring = Remembered(_read, _sources, cache_seconds)
