"""How a plate measures itself, and what it does when things go badly: indicators and plans for emergencies."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cityloop.ground.kit.basics import Key, Limit, Model, Pattern, Words, once

Condition = Literal[
    "valid", "filed", "in_time", "due", "dispatched", "handled", "handled_in_time", "reworked", "extended",
    "overdue_pending", "closed", "closed_in_time", "reopened", "disputed", "confirmed", "satisfied", "rated",
    "urgent", "granted", "answered", "present", "normal", "intact", "damaged",
]  # fmt: skip


class Population(Model):
    """What is counted over: cases, reports, applications, components or observations, of these matters."""

    of: Literal["reports", "cases", "applications", "components", "observations"]
    matters: tuple[Pattern, ...] = ()
    keys: tuple[Key, ...] = ()


class Indicator(Model):
    """A share: of the population, those of the numerator among those of the denominator.

    `numerator` and `denominator` name conditions that must all hold; no condition: the whole population. `normal` is
    an observation that raised no alarm.
    """

    key: Key
    names: Words
    about: Words
    population: Population
    numerator: Annotated[tuple[Condition, ...], Field(min_length=1)]
    denominator: tuple[Condition, ...] = ()
    unit: Literal["percent", "per_1000"] = "percent"
    good: Literal["high", "low"] = "high"
    period: Literal["day", "week", "month", "quarter", "year"] = "month"


class Grade(Model):
    """A grade of response, 1 the highest, and when it is called."""

    grade: Annotated[int, Field(ge=1, le=4)]
    names: Words
    when: Words


class Task(Model):
    """What an organisation does under a plan, within what time of its call, and after which other tasks.

    `grade`: from this grade upward (4 the lowest, so 4 means always).
    """

    key: Key
    names: Words
    organisation: Key
    within: Limit
    grade: Annotated[int, Field(ge=1, le=4)] = 4
    after: tuple[Key, ...] = ()


class Plan(Model):
    """A template of an emergency plan; `matters` are those whose cases may call it."""

    key: Key
    names: Words
    matters: Annotated[tuple[Pattern, ...], Field(min_length=1)]
    grades: Annotated[tuple[Grade, ...], Field(min_length=1)]
    tasks: Annotated[tuple[Task, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _tasks_end(self) -> Self:
        once("grades", [str(grade.grade) for grade in self.grades])
        once("tasks", [task.key for task in self.tasks])
        known, waiting = set[str](), list(self.tasks)
        while ready := [task for task in waiting if known.issuperset(task.after)]:
            known |= {task.key for task in ready}
            waiting = [task for task in waiting if task.key not in known]
        if waiting:
            raise ValueError(f"tasks: {', '.join(task.key for task in waiting)} can never begin; look at `after`")
        return self
