"""What a plate declares: its words, organisations, matters and who is responsible for them.

Names and sentences are given in each language, `{ en = "...", zh-hans = "..." }`; in a plate's files they may be
written once as `"@key"` and looked up in `strings/`.
"""

from collections.abc import Iterable
from string import Formatter
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from cityloop.ground.kit.basics import (
    LANGUAGES,
    Choice,
    Code,
    Flag,
    Function,
    Key,
    Level,
    Limit,
    Model,
    Pattern,
    Question,
    Unit,
    Words,
    once,
)
from cityloop.ground.kit.measures import Indicator, Plan
from cityloop.ground.kit.offers import Dataset, ServiceItem
from cityloop.ground.kit.routing import CITY, PLATE, Assist, Rule
from cityloop.ground.kit.things import ComponentType, ObservedProperty

__all__ = [
    "BLANKS", "LANGUAGES", "Assisting", "Basis", "Choice", "Class", "Manifest", "Matter", "Milestone", "Organisation",
    "Question", "Reply", "Responsibility", "Role", "RuleFunction", "city_rules",
]  # fmt: skip


class Organisation(Model):
    """An organisation that a city starts with; `parent` is another's key, or nothing for the city itself."""

    key: Key
    names: Words
    kind: Literal["government", "enterprise", "social", "media", "public_group"] = "government"
    parent: Key | None = None


class Milestone(Model):
    """A step of the work and its limit, such as *make safe* `1 uh`."""

    name: Words
    limit: Limit


class Matter(Model):
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
    urgent: Flag = False
    level: Level = 0
    questions: tuple[Question, ...] = ()
    public_place: Literal["exact", "street", "unit", "none"] = "exact"
    keywords: dict[str, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def _questionsonce(self) -> Self:
        once("questions", [question.key for question in self.questions])
        return self

    @property
    def limit(self) -> str:
        """The handling limit: that of the last milestone."""
        return self.milestones[-1].limit


class Assisting(Model):
    """An organisation called to help, when in the order, and with what task."""

    organisation: Key
    order: Annotated[int, Field(ge=1, le=99)] = 1
    task: Words | None = None


class Responsibility(Model):
    """Matter pattern × unit code prefix → who leads and who assists; the most specific wins (`routing`)."""

    matter: Pattern = "*"
    unit: Unit = ""
    lead: Key
    assisting: tuple[Assisting, ...] = ()

    def rule(self, source: str, layer: int = PLATE) -> Rule:
        helpers = tuple(Assist(a.organisation, a.order, dict(a.task or {})) for a in self.assisting)
        return Rule(self.matter, self.unit, self.lead, helpers, layer, source)


class Role(Model):
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


class Reply(Model):
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


class Class(Model):
    """A class of matters; components and events are numbered apart."""

    kind: Literal["component", "event"]
    code: Code
    names: Words


class Basis(Model):
    """What a plate rests on: `codes` whose classes and codes it has, and whether its limits and conditions are ours.

    `ours` are defaults that a city looks through and changes; `published` are those of the city's own catalogue.
    """

    codes: str
    limits: Literal["ours", "published"]
    words: Words


class RuleFunction(Model):
    """A pure, typed function of the plate's `rules.py`, by its name there and what it is for."""

    name: Function
    kind: Literal["alarm"] = "alarm"


# Its parts that are counted where a plate is told of.
COUNTED = ("matters", "organisations", "components", "observed", "services", "indicators", "plans", "datasets")


class Manifest(Model):
    """A whole plate."""

    key: Key
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    names: Words
    about: Words | None = None
    basis: Basis | None = None
    words: dict[str, Words] = {}
    classes: tuple[Class, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    matters: tuple[Matter, ...] = ()
    responsibility: tuple[Responsibility, ...] = ()
    roles: tuple[Role, ...] = ()
    replies: tuple[Reply, ...] = ()
    components: tuple[ComponentType, ...] = ()
    observed: tuple[ObservedProperty, ...] = ()
    services: tuple[ServiceItem, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    plans: tuple[Plan, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    rule_functions: Annotated[tuple[RuleFunction, ...], Field(alias="rules")] = ()

    @model_validator(mode="before")
    @classmethod
    def _name_classes(cls, data: Any) -> Any:
        """Give each matter the names of its class, where the plate declares classes and the matter says nothing."""
        if not isinstance(data, dict) or not isinstance(data.get("classes"), list):
            return data
        named = {(c.get("kind"), c.get("code")): c.get("names") for c in data["classes"] if isinstance(c, dict)}
        return {**data, "matters": [_of_class(m, named) for m in data.get("matters", ())]}

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        once("classes", [f"{one.kind} {one.code}" for one in self.classes])
        once("roles", [f"{role.role} {role.organisation} {role.unit}" for role in self.roles])
        once("components", [component.code for component in self.components])
        once("rules", [function.name for function in self.rule_functions])
        for what in ("observed", "services", "indicators", "plans", "datasets"):
            once(what, [part.key for part in getattr(self, what)])
        once("organisations", [organisation.key for organisation in self.organisations])
        once("matters", [matter.code for matter in self.matters])
        once("replies", [reply.key for reply in self.replies])
        once("responsibility", [f"{rule.matter} {rule.unit}".strip() for rule in self.responsibility])
        for rule in self.responsibility:
            asked = rule.rule("")
            if self.matters and not any(asked.matches(m.code, rule.unit) for m in self.matters):
                raise ValueError(f"responsibility: the pattern {rule.matter} fits none of this plate's matters")
        return self

    def counts(self) -> dict[str, int]:
        """Tell how many of each part it has."""
        return {what: len(getattr(self, what)) for what in COUNTED}

    def rules(self) -> list[Rule]:
        return [line.rule(f"plate {self.key}") for line in self.responsibility]


def _of_class(matter: Any, named: dict[Any, Any]) -> Any:
    if not isinstance(matter, dict) or "class_names" in matter:
        return matter
    names = named.get((matter.get("kind"), matter.get("class")))
    return {**matter, "class_names": names} if names else matter


def city_rules(lines: Iterable[Responsibility]) -> list[Rule]:
    """Give a city's own lines of responsibility as rules, which win over a plate's equally specific ones."""
    return [line.rule("the city", CITY) for line in lines]
