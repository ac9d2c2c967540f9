"""Public case numbers, `PREFIX-YYYY-NNNNNN`, and secret follow codes."""

import base64
import re
import secrets
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from hashlib import sha256

from cityloop.ground.kit.refusal import Refusal
from cityloop.loops.cases.models import Case
from cityloop.town.calendar.clock import city_clock
from cityloop.town.units.queries import city

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET)  # from those of RFC 4648
_NUMBER = re.compile(r"([A-Z][A-Z0-9]{0,11})-(\d{4})-(\d{6,12})")


def number(case: Case) -> str:
    """Give the public number of a case. The year is that of its collection, in the city's zone."""
    return number_of(case.pk, case.created)


def number_of(case_id: int, created: int) -> str:
    """Give the public number for an id and an instant of collection."""
    return f"{city().case_prefix}-{_year(created):04d}-{case_id:06d}"


def years(now: int) -> list[tuple[int, int]]:
    """Give (year, the instant it began in the city's zone) from the year of `now` + 1 down to 1969, for SQL.

    No case begins before 1970 in UTC, which is still 1969 west of Greenwich.
    """
    return _years(_year(now) + 1, city_clock.zone)


def _year(created: int) -> int:
    return datetime.fromtimestamp(created // 1_000_000, UTC).astimezone(city_clock.zone).year


@lru_cache(maxsize=8)
def _years(last: int, zone: tzinfo) -> list[tuple[int, int]]:
    return [(y, int(datetime(y, 1, 1, tzinfo=zone).timestamp()) * 1_000_000) for y in range(last, 1968, -1)]


def case_id(text: str) -> int:
    """Read the id out of a public number; refuse what is none, and one of another city.

    Whether the year is the case's own is known to who reads the case: no two numbers of a city differ in it alone.
    """
    found = _NUMBER.fullmatch(text.strip().upper()) if len(text) < 40 else None
    if not found:
        raise Refusal("cases.number", "{text} is not a case number.", field="number", text=text[:40])
    if found[1] != city().case_prefix:
        raise Refusal("cases.unknown", "There is no such case.", field="number")
    return int(found[3])


def new_follow_code() -> str:
    """Make a follow code of 80 random bits, in four groups that can be read aloud."""
    letters = base64.b32encode(secrets.token_bytes(10)).decode().translate(_LETTERS)
    return "-".join(letters[i : i + 4] for i in range(0, 16, 4))


def follow_digest(code: str) -> bytes:
    """Give the digest under which a follow code is stored; look-alike letters are taken for each other."""
    return sha256(b"follow:" + _plain(code).encode()).digest()


def shown_code(code: str) -> str:
    """Give a follow code as it is shown, however it was typed."""
    plain = _plain(code)
    return "-".join(plain[i : i + 4] for i in range(0, len(plain), 4))


def _plain(code: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", code.upper()[:60]).translate(str.maketrans("OIL", "011"))
