"""What is wrong with the shape of a value, as a sentence that a door can translate; pydantic's own are English."""

from pydantic import ValidationError

from cityloop.ground.kit.refusal import Refusal


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for the catalogues; a door looks it up."""
    return sentence


# Kinds of error as pydantic names them, or as they begin.
SENTENCES = {
    "missing": gettext_noop("{where}: this is needed."),
    "extra_forbidden": gettext_noop("{where}: nothing of this name belongs here."),
    "string_pattern": gettext_noop("{where}: this is not written as it should be."),
    "string_too_short": gettext_noop("{where}: this is too short."),
    "string_too_long": gettext_noop("{where}: this is too long."),
    "too_short": gettext_noop("{where}: there are too few."),
    "too_long": gettext_noop("{where}: there are too many."),
    "literal_error": gettext_noop("{where}: choose one of those that are offered."),
    "int": gettext_noop("{where}: give a whole number."),
    "bool": gettext_noop("{where}: say yes or no."),
    "greater_than": gettext_noop("{where}: this is too small."),
    "less_than": gettext_noop("{where}: this is too large."),
    "spoken": gettext_noop("{where}: say it in {languages} too."),
}


def refused(error: ValidationError, code: str) -> Refusal:
    """Give the first thing wrong as a refusal at its field; what has no sentence of ours keeps pydantic's."""
    first = error.errors(include_url=False)[0]
    field, where = (str(first["loc"][0]) if first["loc"] else None), ".".join(map(str, first["loc"]))
    sentence = next((said for kind, said in SENTENCES.items() if first["type"].startswith(kind)), "")
    if not sentence:
        return Refusal(code, "{where}: {what}", field, where=where, what=first["msg"].removeprefix("Value error, "))
    return Refusal(code, sentence, field, where=where, **first.get("ctx", {}))
