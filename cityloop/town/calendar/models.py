"""Tables of calendars and of the city clock. Only this room's actions write them."""

from datetime import date

from django.db import models

from cityloop.ground.worktime import WorkCalendar
from cityloop.town.columns import CodeField, InstantField


class Calendar(models.Model):
    """A calendar of working time; the one with key `city` is the default."""

    key = CodeField(max_length=60, unique=True)
    names = models.JSONField(default=dict)
    zone = models.CharField(max_length=60)
    shifts = models.JSONField(help_text="seven lists, Monday first, of ['08:30', '12:00'] pairs")
    day_minutes = models.PositiveSmallIntegerField(default=480, help_text="length of one working day (wd)")
    country = models.CharField(max_length=3, blank=True, default="", help_text="ISO 3166 code for public holidays")
    subdivision = models.CharField(max_length=10, blank=True, default="")
    holidays = models.JSONField(default=list, help_text="further dates not worked, ISO 8601")
    workdays = models.JSONField(default=dict, help_text="dates worked by swap, each with a weekday 0-6 or null")
    revision = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(day_minutes__gte=1, day_minutes__lte=1440), name="calendar_day_minutes"
            )
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def reckoner(self) -> WorkCalendar:
        """Give the calendar that answers questions; refuses what is not a calendar."""
        return WorkCalendar(
            self.zone,
            self.shifts,
            holidays=[date.fromisoformat(day) for day in self.holidays],
            workdays={date.fromisoformat(day): weekday for day, weekday in self.workdays.items()},
            day_hours=self.day_minutes / 60,
            country=self.country,
            subdivision=self.subdivision,
        )


class CityClock(models.Model):
    """The one row that says what time it is in the city; without it the system clock holds."""

    SYSTEM, DRIVEN = "system", "driven"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    mode = models.CharField(max_length=10, default=SYSTEM)
    zone = models.CharField(max_length=60, default="UTC")
    anchor_city = InstantField(default=0)
    anchor_real = InstantField(default=0)
    speed = models.FloatField(default=1)
    until = InstantField(null=True, help_text="city instant after which the speed is 1")
    high_water = InstantField(default=0, help_text="no later answer is earlier than this")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="city_clock_one_row"),
            models.CheckConstraint(condition=models.Q(mode__in=["system", "driven"]), name="city_clock_mode"),
            models.CheckConstraint(condition=models.Q(speed__gte=0), name="city_clock_forwards"),
        ]
