"""What a plate declares: its words, organisations, matters and who is responsible for them.

Names and sentences are given in each language, `{ en = "...", zh-hans = "..." }`; in a plate's files they may be
written once as `"@key"` and looked up in `strings/`.
"""

from collections import Counter
from collections.abc import Iterable
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from cityloop.ground.kit.routing import CITY, PLATE, Assist, Rule

LANGUAGES = ("en", "zh-hans")


def _spoken(words: dict[str, str]) -> dict[str, str]:
    lacking = [lang for lang in LANGUAGES if not words.get(lang, "").strip()]
    if lacking:
        raise PydanticCustomError("spoken", "say it in {languages} too", {"languages": ", ".join(lacking)})
    return words


Words = Annotated[dict[str, str], AfterValidator(_spoken)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,59}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")]
Pattern = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9_.-]{0,58}\*?)$")]
Unit = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{0,32}$")]
Limit = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,5} (um|uh|wh|wd|d)$")]
Level = Annotated[int, Field(ge=0, le=3)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Organisation(_Model):
    """An organisation that a city starts with; `parent` is another's key, or nothing for the city itself."""

    key: Key
    names: Words
    kind: Literal["government", "enterprise", "social", "media", "public_group"] = "government"
    parent: Key | None = None


class Milestone(_Model):
    """A step of the work and its limit, such as *make safe* `1 uh`."""

    name: Words
    limit: Limit


class Choice(_Model):
    """One of the answers to choose from."""

    key: Key
    names: Words


class Question(_Model):
    """A question put to the reporter. `choices` belong to the types `choice` (one of them) and `choices` (several)."""

    key: Key
    type: Literal["text", "number", "choice", "choices", "bool", "date"]
    names: Words
    required: bool = False
    choices: tuple[Choice, ...] = ()

    @model_validator(mode="after")
    def _choices_fit(self) -> Self:
        if (self.type in ("choice", "choices")) != bool(self.choices):
            raise ValueError("choices belong to a question of type choice or choices, which needs them")
        _once("choices", [choice.key for choice in self.choices])
        return self


class Matter(_Model):
    """A kind of component damage or event that the city deals with.

    `level` is its confidentiality, 0 public to 3; `public_place` says how exactly its place is shown to
    everybody; `stages` names optional stages that this matter wants, such as `proving`.
    """

    code: Code
    class_: Annotated[Code, Field(alias="class")]
    subclass: Code
    kind: Literal["component", "event"]
    names: Words
    class_names: Words | None = None
    filing: Words
    closing: Words
    milestones: Annotated[tuple[Milestone, ...], Field(min_length=1)]
    stages: tuple[Key, ...] = ()
    urgent: bool = False
    level: Level = 0
    questions: tuple[Question, ...] = ()
    public_place: Literal["exact", "street", "unit", "none"] = "exact"
    keywords: dict[str, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def _questions_once(self) -> Self:
        _once("questions", [question.key for question in self.questions])
        return self

    @property
    def limit(self) -> str:
        """The handling limit: that of the last milestone."""
        return self.milestones[-1].limit


class Assisting(_Model):
    """An organisation called to help, when in the order, and with what task."""

    organisation: Key
    order: Annotated[int, Field(ge=1, le=99)] = 1
    task: Words | None = None


class Responsibility(_Model):
    """Matter pattern × unit code prefix → who leads and who assists; the most specific wins (`routing`)."""

    matter: Pattern = "*"
    unit: Unit = ""
    lead: Key
    assisting: tuple[Assisting, ...] = ()

    def rule(self, source: str, layer: int = PLATE) -> Rule:
        helpers = tuple(Assist(a.organisation, a.order, dict(a.task or {})) for a in self.assisting)
        return Rule(self.matter, self.unit, self.lead, helpers, layer, source)


class Role(_Model):
    """A post that an organisation needs for this plate to work."""

    role: Key
    organisation: Key
    unit: Unit = ""
    names: Words | None = None


# What the words of a reply may name: filled in from the case when somebody takes them up.
BLANKS = ("number", "matter", "place", "organisation", "due")


def _fillable(words: dict[str, str]) -> dict[str, str]:
    for text in words.values():
        try:
            named = [name for _text, name, _spec, _way in Formatter().parse(text) if name is not None]
        except ValueError as error:
            raise ValueError(f"a brace stands alone: {error}") from error
        if unknown := sorted(set(named) - set(BLANKS)):
            raise ValueError(f"no such blank: {', '.join(unknown)}; there are {', '.join(BLANKS)}")
    return words


class Reply(_Model):
    """Words that staff often write to reporters, ready to be taken up and changed.

    `for` names the actions in whose forms they are offered; `states` and `matters` narrow that down. The words may
    name {number}, {matter}, {place}, {organisation} and {due} of the case.
    """

    key: Key
    names: Words
    for_: Annotated[tuple[Key, ...], Field(alias="for", min_length=1)]
    states: tuple[Key, ...] = ()
    matters: tuple[Pattern, ...] = ()
    words: Annotated[Words, AfterValidator(_fillable)]

    def fits(self, action: str, state: str, matter: str) -> bool:
        """Tell whether these words are offered for an action on a case of this matter in this state."""
        if action not in self.for_ or (self.states and state not in self.states):
            return False
        return not self.matters or any(Rule(p, "", "").matches(matter, "") for p in self.matters)


class Manifest(_Model):
    """A whole plate."""

    key: Key
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    names: Words
    words: dict[str, Words] = {}
    organisations: tuple[Organisation, ...] = ()
    matters: tuple[Matter, ...] = ()
    responsibility: tuple[Responsibility, ...] = ()
    roles: tuple[Role, ...] = ()
    replies: tuple[Reply, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        _once("organisations", [organisation.key for organisation in self.organisations])
        _once("matters", [matter.code for matter in self.matters])
        _once("replies", [reply.key for reply in self.replies])
        _once("responsibility", [f"{rule.matter} {rule.unit}" for rule in self.responsibility])
        for rule in self.responsibility:
            if self.matters and not any(rule.rule("").matches(m.code, rule.unit) for m in self.matters):
                raise ValueError(f"responsibility: the pattern {rule.matter} fits none of this plate's matters")
        return self

    def rules(self) -> list[Rule]:
        return [line.rule(f"plate {self.key}") for line in self.responsibility]


def city_rules(lines: Iterable[Responsibility]) -> list[Rule]:
    """Give a city's own lines of responsibility as rules, which win over a plate's equally specific ones."""
    return [line.rule("the city", CITY) for line in lines]


def _once(what: str, keys: list[str]) -> None:
    twice = [key for key, count in Counter(keys).items() if count > 1]
    if twice:
        raise ValueError(f"{what}: {', '.join(twice)} stands here more than once")
