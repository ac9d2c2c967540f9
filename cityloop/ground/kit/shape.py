"""What is wrong with the shape of a value, as a sentence that a door can translate; pydantic's own are English."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from cityloop.ground.kit.refusal import Refusal


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the catalogues; a door looks it up."""
    return sentence


# Kinds of error as pydantic names them, or as they begin; the bound comes with the error.
SENTENCES = {
    "missing": gettext_noop("{where}: this is needed."),
    "extra_forbidden": gettext_noop("{where}: nothing of this name belongs here."),
    "string_pattern": gettext_noop("{where}: this is not written as it should be."),
    "string_too_short": gettext_noop("{where}: this is too short (at least {min_length})."),
    "string_too_long": gettext_noop("{where}: this is too long (at most {max_length})."),
    "string": gettext_noop("{where}: give text."),
    "too_short": gettext_noop("{where}: there are too few (at least {min_length})."),
    "too_long": gettext_noop("{where}: there are too many (at most {max_length})."),
    "literal_error": gettext_noop("{where}: choose one of {expected}."),
    "int": gettext_noop("{where}: give a whole number."),
    "float": gettext_noop("{where}: give a number."),
    "finite": gettext_noop("{where}: give a number."),
    "bool": gettext_noop("{where}: give true or false."),
    "list": gettext_noop("{where}: give a list."),
    "dict": gettext_noop("{where}: give an object of names and values."),
    "model": gettext_noop("{where}: give an object of names and values."),
    "greater_than_equal": gettext_noop("{where}: this is too small (at least {ge})."),
    "less_than_equal": gettext_noop("{where}: this is too large (at most {le})."),
    "less_than": gettext_noop("{where}: this is too large (less than {lt})."),
    "nul": gettext_noop("{where}: this holds a NUL character."),
    "spoken": gettext_noop("{where}: say it in {languages} too."),
}


def refused(error: ValidationError, code: str) -> Refusal:
    """Give the first thing wrong as a refusal at its field; what has no sentence of ours keeps pydantic's."""
    first = error.errors(include_url=False)[0]
    field, where = (str(first["loc"][0]) if first["loc"] else None), ".".join(map(str, first["loc"]))
    return told(first, code, field, where)


def told(error: Mapping[str, Any], code: str, field: str | None, where: str) -> Refusal:
    """Give one thing wrong, as pydantic describes it, as a refusal that says `where` it is."""
    sentence = next((said for kind, said in SENTENCES.items() if error["type"].startswith(kind)), "")
    if not sentence:
        return Refusal(code, "{where}: {what}", field, where=where, what=error["msg"].removeprefix("Value error, "))
    return Refusal(code, sentence, field, where=where, **error.get("ctx", {}))
