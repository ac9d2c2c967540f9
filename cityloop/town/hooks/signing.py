"""Signatures of what is sent, after the Standard Webhooks scheme: HMAC-SHA256 over id, time and body."""

import hmac
from base64 import b64decode, b64encode
from hashlib import sha256
from secrets import token_bytes

PREFIX = "whsec_"


def new_secret() -> str:
    """Make a secret of 256 random bits."""
    return PREFIX + b64encode(token_bytes(32)).decode()


def signature(secret: str, message: str, seconds: int, body: bytes) -> str:
    """Give the signature of a message: `v1,` and base64."""
    key = b64decode(secret.removeprefix(PREFIX))
    return "v1," + b64encode(hmac.new(key, f"{message}.{seconds}.".encode() + body, sha256).digest()).decode()


def headers(secret: str, message: str, seconds: int, body: bytes) -> dict[str, str]:
    """Give the three headers that carry a signature."""
    return {
        "webhook-id": message,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature(secret, message, seconds, body),
    }
