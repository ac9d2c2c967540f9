"""CITYLOOP_URL → the public address that links in mails begin with."""

from urllib.parse import urlsplit

from cityloop.ground.kit.refusal import Refusal


def public_url(text: str, origins: list[str]) -> str:
    """Give the address without a slash at its end: what is said, else the first trusted origin, else none."""
    chosen = (text or (origins[0] if origins else "")).strip().rstrip("/")
    if not chosen:
        return ""
    parts = urlsplit(chosen)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise Refusal("config.url", "CITYLOOP_URL is the city's public address, such as https://city.example.org.")
    return chosen
