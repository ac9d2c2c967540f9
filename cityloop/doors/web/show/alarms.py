"""Alarms as a page tells them: what, where, how it stands, since when."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from cityloop.doors.web.show import clock as bars
from cityloop.doors.web.show import names
from cityloop.doors.web.show.plate_words import ALARMS
from cityloop.doors.web.show.times import duration, when
from cityloop.ground.kit.words import natural
from cityloop.ground.loop.snapshot import load
from cityloop.loops.cases import numbers
from cityloop.loops.sensing import saying, watches
from cityloop.loops.sensing.loop import present

# The look of each state: the class of a chip, and its icon.
CHIPS = {
    "raised": ("alarm", "bell-ringing"), "acknowledged": ("wait", "eye-check"), "cleared": ("ver", "circle-check"),
    "dismissed": ("wait", "bell-off"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """An alarm as printed."""

    id: int
    title: str
    condition: str
    severity: str
    rank: str
    state: str
    chip: tuple[str, str]
    place: str
    unit: str
    value: str
    worst: str
    since: str
    lasted: str
    bar: bars.Bar
    case: str
    thing: int
    stream: int


def shown(alarm: Any, places: dict[str, str], cases: Mapping[int, Any], now: int) -> Shown:
    """Give an alarm as printed; its case only where it is among `cases`, those one may see."""
    watch = watches.watch(alarm.rule)
    unit = watch.observed.unit if watch else "1"
    stream = alarm.datastream
    return Shown(
        id=alarm.pk,
        title=title(alarm, watch),
        condition=saying.condition(watch.alarm, unit) if watch else alarm.rule,
        severity=ALARMS[alarm.severity](),
        rank=alarm.severity,
        state=names.state(present(), alarm.state),
        chip=CHIPS[alarm.state],
        place=place(alarm, places),
        unit=places.get(alarm.unit_code, alarm.unit_code),
        value=saying.value(alarm.value, unit),
        worst=saying.value(alarm.worst, unit),
        since=when(alarm.since, now),
        lasted=duration(max(0, (alarm.ended or now) - alarm.since), days=True),
        bar=bar(alarm, now),
        case=numbers.number(cases[alarm.case]) if alarm.case in cases else "",
        thing=stream.thing_id if stream else 0,
        stream=stream.pk if stream else 0,
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What an instrument, or an eye on a video, told a case: the alarm's page where it is one."""

    href: str
    title: str
    value: str
    since: str
    at: str


def told(moments: Iterable[Any], now: int) -> list[Told]:
    """Give what instruments told a case, by its steps: of each the newest word. No query."""
    found: dict[str, Told] = {}
    for moment in moments:
        if moment.step.what == "instrument":
            data = moment.data
            found.setdefault(str(data.get("alarm")), _told(data, moment.step.at, now))
    return list(found.values())


def _told(data: Mapping[str, Any], at: int, now: int) -> Told:
    number, rule = str(data.get("alarm", "")), str(data.get("rule", ""))
    watch, milli = watches.watch(rule), natural(str(data.get("milli", "")).removeprefix("-"))
    signed = -1 if str(data.get("milli", "")).startswith("-") else 1
    since = data.get("since")
    return Told(
        href=reverse("desk:alarm", args=[number]) if number.isascii() and number.isdigit() else "",
        title=names.words(watch.alarm.names) if watch else rule,
        value=saying.value(signed * milli / 1000, watch.observed.unit) if watch and milli is not None else "",
        since=when(since, now) if isinstance(since, int) else "",
        at=when(at, now),
    )


def place(alarm: Any, places: Mapping[str, str]) -> str:
    """Say where an alarm is: at a thing, in a unit, or at most instruments of a kind at once."""
    if str(alarm.about).startswith("feed:"):
        return _("{n} instruments at once").format(n=alarm.place)
    return alarm.place or places.get(alarm.unit_code, alarm.unit_code)


def title(alarm: Any, watch: Any) -> str:
    """Name an alarm by what its plate calls it; where the plate is off, by its rule."""
    return names.words(watch.alarm.names) if watch else str(alarm.rule)


def bar(alarm: Any, now: int) -> bars.Bar:
    """Give the clock of an alarm: how long somebody has to look at it."""
    return bars.of_clock(load(alarm.snapshot).clocks.get("stage"), now) if alarm.ended is None else bars.NONE


CONSEQUENCES: dict[str, Callable[[], str]] = {
    "acknowledge": lambda: _("Others see that somebody knows. It stays on the list until the readings are normal."),
    "look_again": lambda: _("Its clock begins anew: look again within a day."),
    "dismiss": lambda: _("It is taken off the list; the rule keeps still until the readings have been normal once."),
}
