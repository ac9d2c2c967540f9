"""Signatures of what is sent, after the Standard Webhooks scheme: HMAC-SHA256 over id, time and body."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha256
from secrets import token_bytes

PREFIX = "whsec_"
TOLERANCE = 300  # seconds: an older message may have been caught and sent again


def new_secret() -> str:
    """Make a secret of 256 random bits."""
    return PREFIX + b64encode(token_bytes(32)).decode()


def signature(secret: str, message: str, seconds: int, body: bytes) -> str:
    """Give the signature of a message: `v1,` and base64."""
    key = b64decode(secret.removeprefix(PREFIX))
    return "v1," + b64encode(hmac.new(key, f"{message}.{seconds}.".encode() + body, sha256).digest()).decode()


def holds(secret: str, headers: Mapping[str, str], body: bytes, now: int) -> bool:
    """Tell whether the three headers carry a signature of this body, made within five minutes of `now` (in seconds)."""
    message, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message or len(message) > 200 or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        return False
    if abs(now - int(stamp)) > TOLERANCE:
        return False
    wanted = signature(secret, message, int(stamp), body).encode()
    given = headers.get("webhook-signature", "").encode("utf-8", "replace")
    return any(hmac.compare_digest(wanted, one) for one in given.split())


def headers(secret: str, message: str, seconds: int, body: bytes) -> dict[str, str]:
    """Give the three headers that carry a signature."""
    return {
        "webhook-id": message,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature(secret, message, seconds, body),
    }
