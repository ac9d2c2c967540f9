"""A demo city made ready to be opened: New York on 21 October 2018, or one of the other scenes.

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
from cityloop.demo.instruments import Station, bring_before
from cityloop.demo.scenes import FOLDER, NEW_YORK, SCENES, Scene, new_york
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases.importing.known import found_city
from cityloop.loops.cases.importing.mapping import ImportMap
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

DAY = NEW_YORK / "data" / new_york.requests
MIDNIGHT, OPENING, END = new_york.midnight, new_york.opening, new_york.end
BY = Actor(kind="rule", role="rule", name="demo")


def rules() -> ImportMap:
    """Give the map of New York's requests."""
    return new_york.rules()


def policy() -> Policy:
    """Give the policy by which the day is replayed."""
    return read_policy(FOLDER / "policy.toml")


def prepare(home: Path, *, speed: float, reset: bool, scene: Scene = new_york) -> None:
    """Make the demo city in `home` ready to serve: at once where it is there, and anew with `reset`."""
    call_command("migrate", verbosity=0, interactive=False)
    _check_other(scene)
    marker = home / "demo.json"
    if reset or (City.objects.exists() and not marker.exists()):
        _clear(home)
    if City.objects.exists():
        _resume(scene, speed)
    else:
        _build(scene, home, speed)
        marker.write_text(json.dumps({"city": scene.key, "seed": scene.seed}) + "\n")


def is_ready(home: Path) -> bool:
    """Tell whether the demo city is in this home, whole."""
    return (home / "demo.json").exists()


def scene_of(home: Path) -> Scene:
    """Give the scene that stands in this home; New York where none does."""
    marker = home / "demo.json"
    return SCENES[json.loads(marker.read_text())["city"]] if marker.exists() else new_york


def _check_other(scene: Scene) -> None:
    other = City.objects.exclude(key=scene.key, kind="replay").values_list("key", flat=True).first()
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


def lay_out(scene: Scene, home: Path) -> None:
    """Load a scene's units and the hours its city works."""
    units_map = tomllib.loads(scene.units.read_text())
    load_units(units_map, scene.data(home), by=BY, at=scene.midnight, check=False)
    keep_calendar(
        key="city",
        zone=scene.zone,
        shifts=scene.shifts,
        names={"en": "City hours", "zh-hans": "办公时间"},
        country=scene.country,
        subdivision=scene.subdivision,
        by=BY,
        at=scene.midnight,
    )


def _build(scene: Scene, home: Path, speed: float) -> None:
    at = scene.midnight
    scene.make(home)
    lay_out(scene, home)
    found_city(by=BY, at=at)
    publish(plates=scene.plates(), by=BY, at=at)
    accounts = people.employ(scene, by=BY, at=at)
    replay(
        path=scene.data(home) / scene.requests,
        rules=scene.rules(),
        policy=policy(),
        seed=scene.seed,
        reject_file=home / "imports" / "demo.rejected.csv",
        by=BY,
        at=scene.opening,
    )
    if scene.instruments():
        bring_before(station(scene), scene.opening)
    _wind(scene, scene.opening, speed)
    seal_all()
    keep(home, accounts)


def station(scene: Scene) -> Station:
    """Give the instruments of a scene."""
    return Station(scene.instruments(), midnight=scene.midnight, opening=scene.opening, by=BY)


def _resume(scene: Scene, speed: float) -> None:
    """Go on where the clock stood when the demo was stopped."""
    row = CityClock.objects.filter(id=1).first()
    _wind(scene, max(scene.opening, row.high_water if row else 0), speed)


def _wind(scene: Scene, city: int, speed: float) -> None:
    real, driven = system_now(), CityClock.DRIVEN
    set_clock(zone=scene.zone, by=BY, at=city, real=real, mode=driven, city=city, speed=speed, until=scene.end)
