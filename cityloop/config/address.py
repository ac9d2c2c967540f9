"""CITYLOOP_URL → the public address that links in mails begin with; CITYLOOP_SECURITY → whom to tell of a weakness."""

import re
from urllib.parse import urlsplit

from cityloop.ground.kit.refusal import Refusal

_CONTACT = re.compile(r"(mailto:[^@\s]+@[^@\s]+|https://[^/\s]+\S*|tel:\+[0-9-]+)")


def public_url(text: str, origins: list[str]) -> str:
    """Give the address without a slash at its end: what is said, else the first trusted origin, else none."""
    chosen = (text or (origins[0] if origins else "")).strip().rstrip("/")
    if not chosen:
        return ""
    parts = urlsplit(chosen)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise Refusal("config.url", "CITYLOOP_URL is the city's public address, such as https://city.example.org.")
    return chosen


def security_contacts(text: str) -> list[str]:
    """Give the addresses of CITYLOOP_SECURITY as RFC 9116 writes them; a plain e-mail address is one, too."""
    found = [
        f"mailto:{one}" if "@" in one and ":" not in one else one for one in map(str.strip, text.split(",")) if one
    ]
    if not all(map(_CONTACT.fullmatch, found)):
        raise Refusal(
            "config.security",
            "CITYLOOP_SECURITY is whom to tell of a weakness: an e-mail address, https://… or tel:+…, by commas.",
        )
    return found
