"""Pure decisions about organisations: kinship, credit codes."""

KINDS = ("government", "enterprise", "social", "media", "public_group")
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def related(one: str, other: str) -> bool:
    """Tell whether two actor paths are the same organisation or one contains the other.

    `""` is the city itself, which is related to nobody: the separation law excepts it.
    """
    return bool(one and other) and (one.startswith(other) or other.startswith(one))


def credit_code_holds(code: str) -> bool:
    """Check a unified social credit code: 18 characters, the last a check character (GB 32100-2015)."""
    if len(code) != 18 or any(letter not in _ALPHABET for letter in code):
        return False
    total = sum(_ALPHABET.index(letter) * pow(3, place, 31) for place, letter in enumerate(code[:17]))
    return _ALPHABET[-total % 31] == code[17]
