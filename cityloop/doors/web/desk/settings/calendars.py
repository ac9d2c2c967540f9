"""Calendars at the desk: when working time runs, which days are off, which are worked by swap."""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from cityloop.doors.web.desk.settings.guards import Wrong, attempt, draw, go, setter, settings_page, spoken, text
from cityloop.doors.web.show import names
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean, natural
from cityloop.town.calendar import actions
from cityloop.town.calendar import queries as calendar
from cityloop.town.calendar.clock import city_clock

FIELDS = ("key", "names", "zone", "shifts", "day_minutes", "country", "subdivision", "holidays", "workdays")
_SHIFT = re.compile(r"\s*(\d{1,2}:\d{2})\s*[-–~]\s*(\d{1,2}:\d{2})\s*")


@settings_page
def listed(request: HttpRequest) -> HttpResponse:
    """List the calendars. One query."""
    rows = [(c.key, names.words(c.names), c.zone, c.country, week_in_words(c.shifts)) for c in calendar.listed()]
    return draw(request, "calendars", "calendars", {"rows": rows})


@settings_page
def one(request: HttpRequest, key: str) -> HttpResponse:
    """Show a calendar; take in its changes. A key nobody uses yet shows an empty one, to be made."""
    row, wrong = calendar.calendar_named(key), Wrong()
    if request.method == "POST":
        wrong = attempt(request, lambda: keep(request, key, row), FIELDS)
        if not wrong:
            return go(reverse("desk:settings-calendar", args=[key]))
    typed = {name: request.POST.get(name, "") for name in request.POST} if request.method == "POST" else written(row)
    days = [(n, day, typed.get(f"shifts{n}", "")) for n, day in enumerate(weekdays())]
    context = {"key": key, "name": names.words(row.names) if row else key, "typed": typed, "days": days, "wrong": wrong}
    context["on"] = row.revision if row else ""
    return draw(request, "calendar", "calendars", context, wrong.status)


def keep(request: HttpRequest, key: str, row: Any) -> None:
    """Keep what the form says."""
    minutes = natural(text(request, "day_minutes") or "480")
    if minutes not in range(1, 1441):
        raise Refusal("calendar.day_minutes", "A working day has 1 to 1,440 minutes.", "day_minutes")
    actions.keep_calendar(
        key=key, names=spoken(request, "names", row.names if row else None) or None, zone=text(request, "zone"),
        shifts=[shifts(text(request, f"shifts{n}")) for n in range(7)], day_minutes=minutes or 480,
        country=text(request, "country").upper(), subdivision=text(request, "subdivision").upper(),
        holidays=clean(str(request.POST.get("holidays", "")))[:20_000].split(), workdays=swaps(request),
        on=text(request, "on"), by=setter(request), at=city_clock.now(),
    )  # fmt: skip


def shifts(words: str) -> list[list[str]]:
    """Read the shifts of a day, `08:30-12:00, 13:30-17:30`; nothing is a day off."""
    found = []
    for part in filter(None, (p.strip() for p in re.split(r"[,，;；]", words))):
        match = _SHIFT.fullmatch(part)
        if match is None:
            raise Refusal(
                "calendar.shift", "Write shifts as 08:30-12:00, 13:30-17:30; got {part}.", "shifts", part=part
            )
        found.append([f"{clock:0>5}" for clock in match.groups()])
    return found


def swaps(request: HttpRequest) -> dict[str, int | None]:
    """Read the days worked by swap, one a line: a date, and the weekday (1 Monday to 7 Sunday) it is worked like."""
    found: dict[str, int | None] = {}
    for line in clean(str(request.POST.get("workdays", "")))[:20_000].splitlines():
        day, _space, like = line.strip().partition(" ")
        if not day:
            continue
        number = natural(like.strip()) if like.strip() else None
        if like.strip() and number not in range(1, 8):
            raise Refusal("calendar.workday", "After the date write the weekday it is worked like, 1 to 7.", "workdays")
        found[day] = number - 1 if number else None
    return found


def written(row: Any) -> dict[str, Any]:
    """Give a calendar as its form shows it."""
    if row is None:
        return {"zone": calendar.calendars().get().zone.key, "day_minutes": 480, "names_en": "", "names_zh": ""}
    swapped = [f"{day} {like + 1}" if like is not None else day for day, like in sorted(row.workdays.items())]
    return {
        "names_en": row.names.get("en", ""), "names_zh": row.names.get("zh-hans", ""), "zone": row.zone,
        "day_minutes": row.day_minutes, "country": row.country, "subdivision": row.subdivision,
        "holidays": "\n".join(row.holidays), "workdays": "\n".join(swapped),
        **{f"shifts{n}": shown(day) for n, day in enumerate(row.shifts)},
    }  # fmt: skip


def shown(day: list[list[str]]) -> str:
    """Write the shifts of a day."""
    return ", ".join("-".join(pair) for pair in day)


def weekdays() -> list[str]:
    """Name the days of the week, Monday first."""
    return [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")]


def week_in_words(week: list[list[list[str]]]) -> list[tuple[str, str]]:
    """Say a week in few lines: days that are worked alike stand together."""
    lines: list[tuple[list[str], str]] = []
    for day, words in zip(weekdays(), (shown(d) or _("off") for d in week), strict=True):
        if lines and lines[-1][1] == words:
            lines[-1][0].append(day)
        else:
            lines.append(([day], words))
    return [(days[0] if len(days) == 1 else f"{days[0]} – {days[-1]}", words) for days, words in lines]
