"""The stories of a plate: an example report, and what must become of it. Times are wall time (`rehearse`)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from cityloop.ground.kit.basics import Code, Key, Model, Unit


class Step(Model):
    """One step: who does what when, the state `then`, when that is `due`; or the refusal it must meet.

    `by` is a role of the loop, `of` an organisation where it is not the lead, `who` tells persons of one role apart;
    `with` are the fields of the action, as far as it needs others than words, matter, unit and parts: an organisation
    is named by its key, `parts` by the keys of who leads and who assists.
    """

    at: datetime
    do: Key
    by: Key
    of: Key | None = None
    who: Annotated[int, Field(ge=1, le=9)] = 1
    words: str = ""
    data: Annotated[dict[str, Any], Field(alias="with")] = {}
    then: Key | None = None
    due: datetime | None = None
    refused: str | None = None


class Story(Model):
    """A report and what is expected of it: the matter, who leads and assists, when it is due, the steps, the end.

    `unit` names the level of the unit it lies in (`code` where the very unit matters). Without `steps` it goes
    straight through the loop, dispatched at `dispatched` and reported back at the last moment.
    """

    key: Key
    report: str
    lang: Literal["en", "zh-hans"]
    matter: Code
    unit: Literal["city", "district", "street", "community", "grid"] = "grid"
    code: Unit | None = None
    organisation: Key
    assisting: tuple[Key, ...] = ()
    begins: datetime
    dispatched: datetime | None = None
    due: datetime | None = None
    steps: tuple[Step, ...] = ()
    ends: Key = "closed"


class StoryFile(Model):
    """A file of `stories/`."""

    stories: Annotated[tuple[Story, ...], Field(min_length=1)]
