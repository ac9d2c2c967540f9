"""How often somebody without a name may do something: counted by where they ask from."""

from ipaddress import IPv6Address, ip_address
from zlib import crc32

from cityloop.town.persons import pace
from cityloop.town.persons.pace import Left


def network(address: str) -> str:
    """Give what is counted as one visitor: an address, of IPv6 the whole /64 that one household is given."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else f"{IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found)


def count(what: str, address: str, most: int) -> Left:
    """Count one more use by this visitor in this minute, together with all processes of the machine."""
    name = _named(what, address)
    return pace.count(crc32(name.encode()), name, most)


def forget(what: str, address: str) -> None:
    """Begin anew for this visitor, who has shown that they may."""
    name = _named(what, address)
    pace.forget(crc32(name.encode()), name)


def _named(what: str, address: str) -> str:
    return f"{what}:{network(address)}"
