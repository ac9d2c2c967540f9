"""The city's components as a plate knows them, what is measured at them, and when that raises an alarm."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cityloop.ground.kit.basics import (
    Choice,
    Code,
    Digits,
    Flag,
    Function,
    Key,
    Level,
    Model,
    Pattern,
    Span,
    Words,
    once,
)
from cityloop.ground.worktime.limits import DAY, micros, parse_limit


class Attribute(Model):
    """Something recorded of each component, such as the height of a lamp post."""

    key: Key
    names: Words
    type: Literal["text", "number", "choice", "bool", "date"] = "text"
    unit: str = ""
    required: Flag = False
    choices: tuple[Choice, ...] = ()

    @model_validator(mode="after")
    def _choices_fit(self) -> Self:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("choices belong to an attribute of type choice, which needs them")
        once("choices", [choice.key for choice in self.choices])
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

    Exactly one condition says when: `above`, `below`; `rises`, `falls` (by so much, up or down, within `within`);
    `unusual` (so many robust deviations away from what is normal at this hour of the week); `silent` (nothing came for
    so long); `fence` (a moving thing is inside or outside of the area it is meant for); `rule` (a function of
    `rules.py`, given the readings of `within`, a day where nothing is said).
    `hold`: how long it must be so. `clear`: the value at which it is over. `times`: so many readings above or below
    `within` a moving window. `agree`: so many things of one unit must say so. Instruments know no working hours:
    all limits are in um, uh or d. `opens`: a case that goes to who is responsible, a report that people look at
    first, or nothing but the alarm.
    """

    key: Key
    names: Words
    matter: Code
    severity: Literal["minor", "moderate", "severe", "extreme"] = "moderate"
    above: float | None = None
    below: float | None = None
    rises: Annotated[float, Field(gt=0)] | None = None
    falls: Annotated[float, Field(gt=0)] | None = None
    unusual: Annotated[float, Field(ge=2, le=50)] | None = None
    silent: Span | None = None
    fence: Literal["inside", "outside"] | None = None
    rule: Function | None = None
    hold: Span | None = None
    clear: float | None = None
    times: Annotated[int, Field(ge=2, le=1000)] | None = None
    within: Span | None = None
    agree: Annotated[int, Field(ge=2, le=100)] | None = None
    opens: Literal["case", "report", "nothing"] = "case"

    @property
    def condition(self) -> str:
        """The one of `CONDITIONS` that is given."""
        return next(name for name in CONDITIONS if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        given = [name for name in CONDITIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(CONDITIONS[:-1])} and {CONDITIONS[-1]}")
        self._clear_fits(given[0])
        self._window_fits(given[0])
        return self

    def _clear_fits(self, condition: str) -> None:
        if self.clear is None:
            return
        if condition not in ("above", "below"):
            raise ValueError("clear belongs to above or below")
        if (self.above is not None and self.clear > self.above) or (self.below is not None and self.clear < self.below):
            raise ValueError("clear lies on the safe side of above or below")

    def _window_fits(self, condition: str) -> None:
        if self.times is not None and condition not in ("above", "below"):
            raise ValueError("times belongs to above or below")
        windowed = condition in ("rises", "falls") or self.times is not None
        if windowed and self.within is None:
            raise ValueError("say within what time")
        if self.within is not None and not windowed and condition != "rule":
            raise ValueError("within belongs to rises, falls, times and rule")
        if self.hold is not None and (self.times is not None or condition == "silent"):
            raise ValueError("hold belongs to what has no time of its own")
        if self.agree is not None and condition == "silent":
            raise ValueError("silence is no evidence: agree does not go with silent")


CONDITIONS = ("above", "below", "rises", "falls", "unusual", "silent", "fence", "rule")


class ObservedProperty(Model):
    """What a sensor measures. `unit` as in UCUM (`mm`, `ug/m3`); `every`: how often a value is expected.

    A sensor may speak more often, as one that sees smoke does; `silent` is longer than `every`.
    """

    key: Key
    names: Words
    unit: str
    every: Span | None = None
    alarms: Annotated[tuple[Alarm, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _alarms_once(self) -> Self:
        once("alarms", [alarm.key for alarm in self.alarms])
        return self

    @model_validator(mode="after")
    def _silence_is_longer(self) -> Self:
        for alarm in self.alarms:
            if alarm.silent and self.every and _length(alarm.silent) <= _length(self.every):
                raise ValueError(f"{alarm.key}: silent is longer than every, or each pause between two values is one")
        return self


def _length(span: str) -> int:
    return micros(parse_limit(span), DAY)
