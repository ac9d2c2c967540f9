"""How often somebody without a name may do something: counted by where they ask from."""

from ipaddress import IPv6Address, ip_address

from django.utils.crypto import salted_hmac

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.persons import pace
from cityloop.town.persons.pace import Left

GUESSES = 60  # wrong codes a minute and visitor: they have 80 random bits, and nobody mistypes so often


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
    return pace.count(*_placed(what, address), most)


def forget(what: str, address: str) -> None:
    """Begin anew for this visitor, who has shown that they may."""
    pace.forget(*_placed(what, address))


def give_back(what: str, address: str) -> None:
    """Take back one use that was counted and need not have been."""
    pace.give_back(*_placed(what, address))


def guess(address: str, field: str) -> None:
    """Count one code that somebody names; refuse where too many wrong ones were named from there.

    Follow with `guessed` where the code was right: right ones are not counted, so that a house or an office behind one
    address may look after any number of reports.
    """
    left = count("codes", address, GUESSES)
    if left.refused:
        raise Refusal(
            "persons.codes.pace",
            "Too many wrong codes were tried from where you are. Come again in {seconds} seconds.",
            field, seconds=left.seconds,
        )  # fmt: skip


def guessed(address: str) -> None:
    """Take back a code that was counted and was right."""
    give_back("codes", address)


def _placed(what: str, address: str) -> tuple[int, str]:
    """Give where a visitor is counted, and by what they are known there.

    It hangs on the city's secret: else a visitor could reckon out what else is counted in the same place, and wipe
    their own count with it.
    """
    digest = salted_hmac("persons.strangers", f"{what}:{network(address)}", algorithm="sha256").hexdigest()
    return int(digest[:8], 16), digest
