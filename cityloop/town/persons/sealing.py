"""Envelope encryption of personal text, blind indexes and salted digests.

A token is `1.<key id>.<base64url of wrapped data key ‖ nonce ‖ ciphertext>`: every value has its own random
data key (AES-256), wrapped by a master key (RFC 3394), and is sealed with AES-256-GCM. Renewing the master
key therefore rewraps 40 bytes a value and touches no ciphertext.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from cityloop.town.persons import keys

WRAPPED, NONCE = 40, 12


class CannotOpen(Exception):
    """A sealed text does not open: its master key is missing, or it was changed."""


def seal(text: str, label: str) -> str:
    """Encrypt `text`; only `unseal` with the same `label` (table and column) opens it."""
    master, data_key, nonce = keys.current(), urandom(32), urandom(NONCE)
    body = AESGCM(data_key).encrypt(nonce, text.encode(), label.encode())
    return _token(master.id, aes_key_wrap(master.secret, data_key) + nonce + body)


def unseal(token: str, label: str) -> str:
    if not token:
        return ""
    master, raw = _open(token)
    try:
        data_key = aes_key_unwrap(master.secret, raw[:WRAPPED])
        nonce, body = raw[WRAPPED : WRAPPED + NONCE], raw[WRAPPED + NONCE :]
        return AESGCM(data_key).decrypt(nonce, body, label.encode()).decode()
    except (InvalidTag, InvalidUnwrap) as error:
        raise CannotOpen(f"The sealed text in {label} was changed or moved.") from error


def rewrap(token: str) -> str:
    """Give the same sealed text under the current master key."""
    if not token or token.split(".")[1] == keys.current().id:
        return token
    old, raw = _open(token)
    try:
        data_key = aes_key_unwrap(old.secret, raw[:WRAPPED])
    except InvalidUnwrap as error:
        raise CannotOpen("The sealed text was changed.") from error
    return _token(keys.current().id, aes_key_wrap(keys.current().secret, data_key) + raw[WRAPPED:])


def beginning(key_id: str) -> str:
    """Give what every token under this key begins with."""
    return f"1.{key_id}."


def blind(purpose: str, text: str) -> str:
    """Give the blind index of `text` under the current key: equal texts, equal index; nothing else is told."""
    return _blind(keys.current(), purpose, text)


def blinds(purpose: str, text: str) -> list[str]:
    """Give the blind index under every key still in use, to look up rows not yet renewed."""
    return [_blind(key, purpose, text) for key in keys.ring()]


def digest(salt: bytes, text: str) -> str:
    """Give SHA-256(salt ‖ UTF-8 text) in hex: what the ledger holds instead of personal words."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def _blind(key: keys.Key, purpose: str, text: str) -> str:
    return hmac.new(key.index_secret, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()[:48]


def _token(key_id: str, raw: bytes) -> str:
    return beginning(key_id) + urlsafe_b64encode(raw).decode()


def _open(token: str) -> tuple[keys.Key, bytes]:
    try:
        _, key_id, body = token.split(".")
        return keys.by_id(key_id), urlsafe_b64decode(body)
    except (keys.KeyMissing, ValueError) as error:
        raise CannotOpen(str(error)) from error
