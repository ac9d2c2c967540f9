"""The demo city, New York on 21 October 2018, made ready to be opened.

It is a replay: the morning's requests are in the loop, the rest of the day is fed in by `feed`. Preparing it twice
changes nothing; a preparation that was cut off is begun anew.
"""

import json
import tomllib
from pathlib import Path

from django.core.management import call_command
from django.db import connection, connections

from cityloop.demo import people
from cityloop.demo.accounts import FILE, keep
from cityloop.ground.kit.loader import load
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases.importing.known import found_city
from cityloop.loops.cases.importing.mapping import ImportMap, read_map
from cityloop.loops.cases.replaying.actions import replay
from cityloop.loops.cases.replaying.policy import Policy, read_policy
from cityloop.town.calendar import queries as calendar
from cityloop.town.calendar.actions import keep_calendar, set_clock
from cityloop.town.calendar.clock import city_clock, system_now
from cityloop.town.calendar.models import CityClock
from cityloop.town.catalog.actions import publish
from cityloop.town.ledger.sealing import seal_all
from cityloop.town.units import queries as units
from cityloop.town.units.actions.load import load_units
from cityloop.town.units.models import City

FOLDER = Path(__file__).parent
NEW_YORK = FOLDER / "new_york"
DAY = NEW_YORK / "data" / "nyc311_2018-10-21.csv.gz"
KEY, ZONE, SEED = "new_york", "America/New_York", 1
MINUTE = 60_000_000
MIDNIGHT = 1_540_094_400_000_000  # 2018-10-21 00:00 in New York
OPENING = MIDNIGHT + 12 * 60 * MINUTE
END = MIDNIGHT + (26 * 60 + 47) * MINUTE  # the last closing the source knows of, 02:47 of the next day
SHIFTS = [[["09:00", "17:00"]]] * 5 + [[], []]
BY = Actor(kind="rule", role="rule", name="demo")


def rules() -> ImportMap:
    """Give the map of the day's requests."""
    return read_map(NEW_YORK / "maps" / "nyc311.toml")


def policy() -> Policy:
    """Give the policy by which the day is replayed."""
    return read_policy(FOLDER / "policy.toml")


def prepare(home: Path, *, speed: float, reset: bool) -> None:
    """Make the demo city in `home` ready to serve: at once where it is there, and anew with `reset`."""
    call_command("migrate", verbosity=0, interactive=False)
    _check_other()
    marker = home / "demo.json"
    if reset or (City.objects.exists() and not marker.exists()):
        _clear(home)
    if City.objects.exists():
        _resume(speed)
    else:
        _build(home, speed)
        marker.write_text(json.dumps({"city": KEY, "seed": SEED}) + "\n")


def is_ready(home: Path) -> bool:
    """Tell whether the demo city is in this home, whole."""
    return (home / "demo.json").exists()


def _check_other() -> None:
    other = City.objects.exclude(key=KEY, kind="replay").values_list("key", flat=True).first()
    if other:
        raise Refusal(
            "demo.other_city",
            "Another city ({key}) lives here; set CITYLOOP_HOME to an empty folder for the demo.",
            key=other,
        )


def _clear(home: Path) -> None:
    """Throw the demo away: the database's file, or on PostgreSQL all rows."""
    for name in ("demo.json", FILE):
        (home / name).unlink(missing_ok=True)
    if connection.vendor == "sqlite":
        path = Path(connection.settings_dict["NAME"])
        connections.close_all()
        for tail in ("", "-wal", "-shm"):
            path.with_name(path.name + tail).unlink(missing_ok=True)
        call_command("migrate", verbosity=0, interactive=False)
    else:
        call_command("flush", verbosity=0, interactive=False)
    units.forget()
    calendar.forget()
    city_clock.restart()


def _build(home: Path, speed: float) -> None:
    units_map = tomllib.loads((NEW_YORK / "units.toml").read_text())
    load_units(units_map, NEW_YORK / "data", by=BY, at=MIDNIGHT, check=False)
    names = {"en": "City hours", "zh-hans": "办公时间"}
    keep_calendar(key="city", zone=ZONE, shifts=SHIFTS, names=names, country="US", subdivision="NY", by=BY, at=MIDNIGHT)
    found_city(by=BY, at=MIDNIGHT)
    publish(plates=[load(NEW_YORK / "plate")], by=BY, at=MIDNIGHT)
    accounts = people.employ(by=BY, at=MIDNIGHT)
    replay(
        path=DAY,
        rules=rules(),
        policy=policy(),
        seed=SEED,
        reject_file=home / "imports" / "demo.rejected.csv",
        by=BY,
        at=OPENING,
    )
    _wind(OPENING, speed)
    seal_all()
    keep(home, accounts)


def _resume(speed: float) -> None:
    """Go on where the clock stood when the demo was stopped."""
    row = CityClock.objects.filter(id=1).first()
    _wind(max(OPENING, row.high_water if row else 0), speed)


def _wind(city: int, speed: float) -> None:
    real = system_now()
    set_clock(zone=ZONE, by=BY, at=city, real=real, mode=CityClock.DRIVEN, city=city, speed=speed, until=END)
