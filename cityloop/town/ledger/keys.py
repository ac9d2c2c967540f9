"""The city's signing keys: files in CITYLOOP_HOME/keys, their public halves in the database."""

import base64
import os
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

ALGORITHM = "Ed25519"
_loading = Lock()
_loaded: dict[Any, Ed25519PrivateKey] = {}  # by the home it is of: every report is signed, and paths take time


def key_file() -> Path:
    """Give the path of the private key."""
    return Path(settings.HOME) / "keys" / "ledger-ed25519.pem"


def private_key() -> Ed25519PrivateKey:
    """Load the private key, making one at the first use; the file is readable by its owner only."""
    known = _loaded.get(settings.HOME)
    if known is not None:
        return known
    with _loading:  # a new city's first reports come at the same time
        return _loaded.get(settings.HOME) or _load()


def _load() -> Ed25519PrivateKey:
    path = key_file()
    if not path.exists():
        _make(path)
    loaded = ser.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(loaded, Ed25519PrivateKey):
        raise TypeError(f"{path.name} holds no Ed25519 key")
    _loaded[settings.HOME] = loaded
    return loaded


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
    draft = path.with_suffix(f".{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
        handle.write(pem)
        handle.flush()
        os.fsync(handle.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def public_bytes(key: Ed25519PrivateKey | None = None) -> bytes:
    """Give the 32 raw bytes of the public key."""
    return _public(key or private_key())


@lru_cache(maxsize=8)
def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(ser.Encoding.Raw, ser.PublicFormat.Raw)


def key_id(public: bytes) -> str:
    """Name a key by the first 16 bytes of its SHA-256."""
    return sha256(public).hexdigest()[:32]


def sign(message: bytes) -> bytes:
    """Sign with the city's present key."""
    return private_key().sign(message)


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether the signature is right."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def described(public: bytes) -> dict[str, Any]:
    """Describe a public key as published."""
    return {"key_id": key_id(public), "algorithm": ALGORITHM, "public": base64.b64encode(public).decode()}
