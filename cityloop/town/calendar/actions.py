"""The only writers of calendars and of the city clock."""

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.ground.worktime import check_zone
from cityloop.town.calendar import clock, queries, rules
from cityloop.town.calendar.models import Calendar, CityClock
from cityloop.town.ledger.actions import record

_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")
Shifts = Sequence[Sequence[Sequence[str]]]


@transaction.atomic
def keep_calendar(
    *,
    key: str,
    zone: str,
    shifts: Shifts,
    by: Actor,
    at: int,
    names: Mapping[str, str] | None = None,
    day_minutes: int = 480,
    country: str = "",
    subdivision: str = "",
    holidays: Sequence[str] = (),
    workdays: Mapping[str, int | None] | None = None,
    on: str = "",
) -> Calendar:
    """Create the calendar `key` or change it; running clocks are not recomputed, later questions are.

    `shifts`: seven lists, Monday first; `holidays` and `workdays`: ISO dates, the latter with the weekday
    whose shifts they take. `on`: the revision the change was made on; where another holds by now it is refused.
    Refuses what is not a calendar, naming the field.
    """
    fields = {
        "names": dict(names or {"en": key}),
        "zone": zone,
        "shifts": [[list(pair) for pair in day] for day in shifts],
        "day_minutes": day_minutes,
        "country": country,
        "subdivision": subdivision,
        "holidays": [rules.written(day, "holidays") for day in holidays],
        "workdays": {rules.written(day, "workdays"): weekday for day, weekday in (workdays or {}).items()},
    }
    if not _KEY.fullmatch(key):
        raise Refusal("calendar.key", "Use a key of small letters, digits and . _ - only.", "key")
    now = Calendar.objects.select_for_update().filter(key=key).values_list("revision", flat=True).first()
    if on and on != now:
        raise Refusal("calendar.changed", "Somebody changed this calendar meanwhile. Look at it, then change it.")
    Calendar(key=key, **fields).reckoner  # noqa: B018 - refuses a bad one
    row, made = Calendar.objects.update_or_create(key=key, defaults={**fields, "revision": secrets.token_hex(8)})
    _record(f"calendar:{key}", "created" if made else "changed", key, by, at, fields)
    transaction.on_commit(queries.forget)
    queries.forget()
    return row


@transaction.atomic
def set_clock(
    *,
    zone: str,
    by: Actor,
    at: int,
    real: int,
    mode: str = CityClock.SYSTEM,
    city: int | None = None,
    speed: float = 1.0,
    until: int | None = None,
) -> CityClock:
    """Set what time it is in the city.

    `mode` "system": the system clock. "driven": the city instant `city` holds at the real instant `real`, and
    time runs `speed` times as fast, at speed 1 from the city instant `until` on. Setting it anew is the one way
    back in time, for a database just created as a replay or exercise.
    """
    check_zone(zone)
    if mode not in (CityClock.SYSTEM, CityClock.DRIVEN):
        raise Refusal("calendar.clock.mode", "The clock's mode is 'system' or 'driven'.", "mode")
    rules.check_speed(speed)
    anchor = real if city is None else city
    row, _ = CityClock.objects.update_or_create(
        id=1,
        defaults={
            "mode": mode,
            "zone": zone,
            "anchor_city": anchor,
            "anchor_real": real,
            "speed": speed,
            "until": until,
            "high_water": anchor if mode == CityClock.DRIVEN else 0,
        },
    )
    told = {"mode": mode, "zone": zone, "city": anchor, "real": real, "speed": _text(speed), "until": until}
    _record("clock:city", "set", mode, by, at, told)
    clock.city_clock.restart()
    return row


@transaction.atomic
def change_speed(*, speed: float, by: Actor, at: int, real: int) -> CityClock:
    """Let city time run `speed` times as fast from now on, without a leap."""
    rules.check_speed(speed)
    row = CityClock.objects.select_for_update().filter(id=1, mode=CityClock.DRIVEN).first()
    if row is None:
        raise Refusal("calendar.clock.system", "The city runs on the system clock; its speed is fixed.", "speed")
    now = max(rules.city_time(row, real), row.high_water)
    row.anchor_city, row.anchor_real, row.speed, row.high_water = now, real, speed, now
    row.save()
    _record("clock:city", "speed", _text(speed), by, at, {"speed": _text(speed), "city": now})
    clock.city_clock.forget()
    return row


def hold_clock(*, real: int) -> None:
    """Note how far city time has come, so that no restart goes behind it. The worker calls this every few seconds."""
    row = CityClock.objects.filter(id=1, mode=CityClock.DRIVEN).first()
    if row is None:
        return
    now = rules.city_time(row, real)
    CityClock.objects.filter(id=1, high_water__lt=now, anchor_real=row.anchor_real).update(high_water=now)


def _record(subject: str, kind: str, what: str, by: Actor, at: int, data: dict[str, Any]) -> None:
    record(subject=subject, kind=kind, what=what[:40], by=by, at=at, data=data)


def _text(number: float) -> str:
    return f"{number:g}"
