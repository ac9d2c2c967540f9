"""Behind proxies: at which address a visitor is. Pure, for the doors that Django's layers do not stand before too."""

from collections.abc import Mapping
from ipaddress import ip_address


def nearest(peer: str, forwarded: str, hops: int) -> str:
    """Give the address that the outermost of `hops` proxies of ours was asked from; the peer's own where none is said.

    `forwarded` is `X-Forwarded-For` as it came: all before what our proxies added may be anything.
    """
    passed = [part.strip() for part in forwarded.split(",") if part.strip()]
    if not hops or len(passed) < hops:
        return peer
    try:
        return str(ip_address(passed[-hops].strip("[]")))
    except ValueError:
        return peer


def of_scope(scope: Mapping[str, object], headers: Mapping[str, str], hops: int) -> str:
    """Give the address of who asks a raw route."""
    client = scope.get("client")
    peer = str(client[0]) if isinstance(client, tuple | list) and client else ""
    return nearest(peer, headers.get("x-forwarded-for", ""), hops)
