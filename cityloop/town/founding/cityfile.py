"""The city file: all that is said of a city before it opens. A units map, and what the people need.

Its JSON Schema is in the reference.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cityloop.ground.kit.basics import KEY
from cityloop.ground.worktime import WorkCalendar
from cityloop.town.units.rules.unitsmap import UnitsMap

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Span = Annotated[str, StringConstraints(pattern=r"^\d{2}:\d{2}-\d{2}:\d{2}$")]
Key = Annotated[str, StringConstraints(pattern=KEY)]
Kind = Literal["government", "enterprise", "social", "media", "public_group"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CalendarPart(_Part):
    """[calendar]: when the city works; limits in working hours and days count only these."""

    hours: tuple[Span, ...] = Field(("09:00-17:00",), description="Of each day worked; one past midnight ends earlier.")
    days: tuple[Day, ...] = Field(DAYS[:5], description="Which days of the week are worked.")
    shifts: tuple[tuple[tuple[str, str], ...], ...] | None = Field(
        None, description="Instead of hours and days: seven lists, Monday first, of ['08:30', '12:00'] pairs."
    )
    day_minutes: int = Field(480, ge=1, le=1440, description="How long one working day (`wd`) is.")
    country: str = Field("", description="ISO 3166 code of the country whose public holidays hold; nothing for none.")
    subdivision: str = Field("", description="Of that country, where holidays differ within it.")
    holidays: tuple[str, ...] = Field((), description="Further dates not worked.")
    workdays: tuple[str, ...] = Field((), description="Dates worked though they are none of the days.")

    def week(self) -> list[list[list[str]]]:
        """Give the shifts of seven days, Monday first."""
        if self.shifts is not None:
            return [[list(pair) for pair in day] for day in self.shifts]
        spans = [span.split("-") for span in self.hours]
        return [spans if day in self.days else [] for day in DAYS]

    def reckoner(self, zone: str) -> WorkCalendar:
        """Give the calendar that this comes to; refuses what is none."""
        return WorkCalendar(
            zone, self.week(), day_hours=self.day_minutes / 60, country=self.country, subdivision=self.subdivision
        )


class OrganisationPart(_Part):
    """[[organisations]]: one that no plate brings, or that the city calls otherwise than its plate."""

    key: Key = Field(description="By which programs and plates know it.")
    names: dict[str, str] = Field(description="In each language of the city.")
    kind: Kind = "government"
    parent: str = Field("", description="Key of the organisation it belongs to; nothing for the city itself.")
    email: str = ""
    credit_code: str = Field("", description="Unified social credit code of 18 characters.")


class PostPart(_Part):
    """A post: a role in an organisation, for a part of the city."""

    role: str
    organisation: str = Field("", description="Its key; nothing for the city itself.")
    unit: str = Field("", description="Code of the unit it covers; nothing for the whole city.")
    level: int = Field(0, ge=0, le=3, description="Up to which confidentiality level.")


class AccountPart(_Part):
    """[[accounts]]: somebody who may sign in; the password is made, and told once."""

    user: Annotated[str, StringConstraints(min_length=1, max_length=150, strip_whitespace=True)]
    name: str = Field("", description="What the person is called.")
    language: str = Field("", description="Of the pages; the city's first where nothing is said.")
    posts: tuple[PostPart, ...] = Field((), description="What the person holds.")


class PeoplePart(_Part):
    """What a city file says besides its units."""

    calendar: CalendarPart = Field(default_factory=CalendarPart)
    plates: tuple[str, ...] = Field(
        (), description="What is switched on: names of installed plates, or folders (with a / in them)."
    )
    organisations: tuple[OrganisationPart, ...] = ()
    accounts: tuple[AccountPart, ...] = ()


class CityFile(UnitsMap, PeoplePart):
    """The whole file."""


OF_UNITS = frozenset(UnitsMap.model_fields)
OF_PEOPLE = frozenset(PeoplePart.model_fields)
