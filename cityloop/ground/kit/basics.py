"""What all parts of a plate are made of: words, keys, codes, limits, questions."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

LANGUAGES = ("en", "zh-hans")


def spoken(words: dict[str, str]) -> dict[str, str]:
    """Refuse words that a language lacks."""
    lacking = [lang for lang in LANGUAGES if not words.get(lang, "").strip()]
    if lacking:
        raise PydanticCustomError("spoken", "say it in {languages} too", {"languages": ", ".join(lacking)})
    return words


_WORDS: dict[str, Any] = {
    "anyOf": [
        {"type": "object", "required": list(LANGUAGES), "additionalProperties": {"type": "string"}},
        {"type": "string", "pattern": "^@"},
    ],
    "description": 'Words in each language, or "@key" of strings/',
}
Words = Annotated[dict[str, str], AfterValidator(spoken), WithJsonSchema(_WORDS)]
KEY, LIMIT = r"^[a-z0-9][a-z0-9_.-]{0,59}$", r"^[1-9]\d{0,5} (um|uh|wh|wd|d)$"
SPAN = r"^[1-9]\d{0,5} (um|uh|d)$"  # of an instrument, which knows no working hours
Key = Annotated[str, StringConstraints(pattern=KEY)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")]
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,3}$")]
Pattern = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9_.-]{0,58}\*?)$")]
Unit = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{0,32}$")]
Limit = Annotated[str, StringConstraints(pattern=LIMIT)]
Span = Annotated[str, StringConstraints(pattern=SPAN)]
Level = Annotated[int, Field(ge=0, le=3)]
Flag = Annotated[bool, Strict()]  # "yes" in quotes is no answer, as the JSON Schema says
FUNCTION = r"^[a-z][a-z0-9_]{0,59}$"
Function = Annotated[str, StringConstraints(pattern=FUNCTION)]


class Model(BaseModel):
    """A part of a plate: immutable, and it takes no key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def plain(self) -> dict[str, Any]:
        """Give what a file would say: without what is as if nothing were said, words spelt out where they stand."""
        return self.model_dump(mode="json", by_alias=True, exclude={"words"}, exclude_defaults=True)


class Choice(Model):
    """One of the answers to choose from."""

    key: Key
    names: Words


class Question(Model):
    """A question put to the reporter. `choices` belong to the types `choice` (one of them) and `choices` (several)."""

    key: Key
    type: Literal["text", "number", "choice", "choices", "bool", "date"]
    names: Words
    required: Flag = False
    choices: tuple[Choice, ...] = ()

    @model_validator(mode="after")
    def _choices_fit(self) -> Self:
        if (self.type in ("choice", "choices")) != bool(self.choices):
            raise ValueError("choices belong to a question of type choice or choices, which needs them")
        once("choices", [choice.key for choice in self.choices])
        return self


def once(what: str, keys: Iterable[str]) -> None:
    """Refuse a key that stands more than once."""
    twice = [key for key, count in Counter(keys).items() if count > 1]
    if twice:
        raise ValueError(f"{what}: {', '.join(twice)} stands here more than once")
