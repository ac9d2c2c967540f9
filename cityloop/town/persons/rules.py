"""Pure decisions about personal data: what counts as the same phone or address, what is refused."""

import re
import unicodedata
from collections.abc import Iterable

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean

_PHONE = re.compile(r"\+?\d{3,15}")
_EMAIL = re.compile(r"[^@\s<>\"',;]{1,64}@[^@\s<>\"',;]+\.[^@\s<>\"',;.]{2,}")


def name(text: str) -> str:
    """Give a name as it is kept; refuse one of more than 200 characters."""
    kept = clean(text).strip()
    if len(kept) > 200:
        raise Refusal("persons.name.long", "Give a name of at most 200 characters.", "name")
    return kept


def phone(text: str) -> str:
    """Give a phone number as digits with an optional leading +; refuse what is none."""
    kept = re.sub(r"[\s().\-/]", "", unicodedata.normalize("NFKC", text))
    if kept and not _PHONE.fullmatch(kept):
        raise Refusal("persons.phone.malformed", "Give a phone number of 3 to 15 digits.", "phone")
    return kept


def email(text: str) -> str:
    """Give an e-mail address in small letters; refuse what is none."""
    kept = unicodedata.normalize("NFKC", text).strip().casefold()
    if kept and (len(kept) > 254 or not _EMAIL.fullmatch(kept)):
        raise Refusal("persons.email.malformed", "Give an e-mail address such as name@example.org.", "email")
    return kept


def folded(username: str) -> str:
    """Give what a user name is known by: whoever writes it in capitals, in wide letters or with unseen ones means it.

    Unicode's own folding of names (NFKC, letter case, what takes no place); twice, for the one may undo the other.
    """
    kept = username
    for _ in range(2):
        kept = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", kept).casefold())
    return "".join(letter for letter in kept if unicodedata.category(letter) != "Cf").strip()


# What a key may be good for: reading, acting on cases, handing in reports, being told of steps, setting the city up,
# saying what instruments measure.
KEY_SCOPES = ("read", "act", "report", "hooks", "setup", "sense")


def key_scopes(wanted: Iterable[str]) -> list[str]:
    """Give what an access key is good for, in our order; refuse an unknown word and a key good for nothing."""
    asked = set(wanted)
    if not asked or asked - set(KEY_SCOPES):
        known = ", ".join(KEY_SCOPES)
        raise Refusal("persons.key.scopes", "A key is good for one or more of {known}.", "scopes", known=known)
    return [name for name in KEY_SCOPES if name in asked]
