"""The city's components as a plate knows them, what is measured at them, and when that raises an alarm."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cityloop.ground.kit.basics import Choice, Code, Digits, Function, Key, Level, Limit, Model, Pattern, Words, once


class Attribute(Model):
    """Something recorded of each component, such as the height of a lamp post."""

    key: Key
    names: Words
    type: Literal["text", "number", "choice", "bool", "date"] = "text"
    unit: str = ""
    required: bool = False
    choices: tuple[Choice, ...] = ()

    @model_validator(mode="after")
    def _choices_fit(self) -> Self:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("choices belong to an attribute of type choice, which needs them")
        return self


class ComponentType(Model):
    """A kind of thing that stands in the city: a manhole cover, a lamp, a tree.

    `class` and `subclass` are digits, for they stand in the identity codes of its things; `responsible` is the
    organisation by default; `accuracy` the class of its position (A ±0.5 m, B ±1 m, C ±10 m); `level` its
    confidentiality, 0 public to 3; `matters` are what may be wrong with it; `observes` what is measured at it.
    """

    code: Code
    class_: Annotated[Digits, Field(alias="class")]
    subclass: Digits
    names: Words
    responsible: Key
    geometry: Literal["point", "line", "area"] = "point"
    level: Level = 0
    accuracy: Literal["A", "B", "C"] = "B"
    attributes: tuple[Attribute, ...] = ()
    matters: tuple[Pattern, ...] = ()
    observes: tuple[Key, ...] = ()

    @model_validator(mode="after")
    def _attributes_once(self) -> Self:
        once("attributes", [attribute.key for attribute in self.attributes])
        return self


class Alarm(Model):
    """When what is measured becomes a matter.

    Exactly one of `above`, `below`, `silent` (nothing came for so long) and `rule` (a function of `rules.py`) says
    when; `hold` how long it must be so, `clear` the value at which it is over.
    """

    key: Key
    names: Words
    matter: Code
    severity: Literal["minor", "moderate", "severe", "extreme"] = "moderate"
    above: float | None = None
    below: float | None = None
    silent: Limit | None = None
    rule: Function | None = None
    hold: Limit | None = None
    clear: float | None = None

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        if sum(given is not None for given in (self.above, self.below, self.silent, self.rule)) != 1:
            raise ValueError("give exactly one of above, below, silent and rule")
        safe = (self.above is not None and self.above >= (self.clear or 0)) or (
            self.below is not None and self.below <= (self.clear or 0)
        )
        if self.clear is not None and not safe:
            raise ValueError("clear lies on the safe side of above or below")
        return self


class ObservedProperty(Model):
    """What a sensor measures. `unit` as in UCUM (`mm`, `ug/m3`); `every`: how often a value is expected."""

    key: Key
    names: Words
    unit: str
    every: Limit | None = None
    alarms: Annotated[tuple[Alarm, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _alarms_once(self) -> Self:
        once("alarms", [alarm.key for alarm in self.alarms])
        return self
