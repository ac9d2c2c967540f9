"""Pure decisions about calendars and the city clock."""

import math
from datetime import date
from typing import Protocol

from cityloop.ground.kit.refusal import Refusal

MAX_SPEED = 100_000


class Setting(Protocol):
    """What the clock's row says."""

    mode: str
    anchor_city: int
    anchor_real: int
    speed: float
    until: int | None


def city_time(setting: Setting, real: int) -> int:
    """Give the city instant at the real instant `real`: anchor + speed × elapsed, at speed 1 beyond `until`."""
    if setting.mode == "system":
        return real
    elapsed = max(0, real - setting.anchor_real)
    ahead = elapsed * int(setting.speed) if setting.speed == int(setting.speed) else int(elapsed * setting.speed)
    if setting.until is None or setting.speed <= 1:
        return setting.anchor_city + ahead
    room = setting.until - setting.anchor_city
    if room <= 0:
        return setting.anchor_city + elapsed
    if ahead <= room:
        return setting.anchor_city + ahead
    return setting.until + elapsed - math.ceil(room / setting.speed)


def used_up(setting: Setting, now: int) -> bool:
    """Tell whether the driven time has passed its `until`."""
    return setting.mode != "system" and setting.until is not None and now >= setting.until


def check_speed(speed: float) -> None:
    """Refuse a speed that is no number, negative or absurd."""
    if not (isinstance(speed, int | float) and 0 <= speed <= MAX_SPEED):
        raise Refusal("calendar.clock.speed", "The speed is a number from 0 to {most}.", "speed", most=MAX_SPEED)


def written(day: str, field: str) -> str:
    """Give a date as it is kept, YYYY-MM-DD; refuse what is none, naming the field."""
    try:
        return date.fromisoformat(day).isoformat()
    except (TypeError, ValueError) as error:
        raise Refusal("calendar.date", "Write a date as YYYY-MM-DD; got {day!r}.", field, day=day) from error
