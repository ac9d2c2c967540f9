"""The map of a million cases: counts by unit, an earlier hour of today, tiles; for the centre and for a department.

The units are the demo's, real ones (2,167 leaves); a tenth of the cases is open, each with a part of one of four
departments; rows are written plainly. Each figure is the 95th percentile of requests through Django, pages drawn.
"""

import json
import random
import time
from typing import Any

from bench.city import open_city

CASES, OPEN_ONES, CLOSED_TODAY = 1_000_000, 100_000, 3_000
CHUNK, ROUNDS, DEPARTMENTS = 50_000, 20, 4
DAY = 86_400_000_000
GOALS = {"PostgreSQL": 200, "SQLite": 400}


def run() -> list[dict[str, Any]]:
    """Measure."""
    with open_city() as database:
        from django.conf import settings

        settings.ALLOWED_HOSTS = ["testserver"]
        browsers = _city()
        goal = GOALS[database]
        return [
            _row(f"{what}, {who}, {database}: p95 at {CASES:,} cases", _p95(browser, paths), goal)
            for who, browser in browsers.items()
            for what, paths in _asked(who).items()
        ]


def _asked(who: str) -> dict[str, list[str]]:
    """Give what is asked for, each over the whole city and parts of it."""
    from cityloop.ground.codes.tiles import tile_at

    if who == "anyone":
        return {
            "public map": ["/map", "/map?under=36513&by=over"],
            "public units": ["/map/units", "/map/units?depth=2"],
        }
    tiles = ["/tiles/cases/{}/{}/{}.pbf".format(*tile_at(-73.94, 40.7, z)) for z in (11, 12, 13, 14, 15, 16)]
    return {
        "unit map": ["/desk/map", "/desk/map?under=36513&by=over", "/desk/map?under=3651301"],
        "units": ["/desk/map/units", "/desk/map/units?numbers", "/desk/map/units?under=36513&by=density"],
        "an earlier hour": ["/desk/map/units?numbers&at=5", "/desk/map/units?numbers&at=300", "/desk/map?at=420"],
        "tiles": tiles,
    }


def _p95(browser: Any, paths: list[str]) -> float:
    times: list[float] = []
    for n in range(ROUNDS + 1):
        for path in paths:
            started = time.perf_counter()
            answer = browser.get(path)
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: {answer.status_code}")
            if n:
                times.append(time.perf_counter() - started)
    return sorted(times)[int(len(times) * 0.95)] * 1000


def _city() -> dict[str, Any]:
    """Make the city, its million cases, and those who look at it."""
    from django.test import Client

    from cityloop.demo import city as demo
    from tests.town.staff import make_city, make_org, seat

    demo.lay_out(demo.new_york, demo.FOLDER)
    city = make_city()
    departments = [make_org(f"department{n}", parent=city) for n in range(DEPARTMENTS)]
    _fill([(org.pk, org.path) for org in departments])
    found = {"anyone": Client(), "the dispatcher": Client(), "a department": Client(), "a district": Client()}
    found["the dispatcher"].force_login(seat(city, "dispatcher", "", 3))
    found["a department"].force_login(seat(departments[0], "department_officer", "", 0))
    found["a district"].force_login(seat(city, "inspector", "36513", 1))
    return found


def _fill(departments: list[tuple[int, str]]) -> None:
    from django.db import connection

    from cityloop.loops.cases.models import Case, Part
    from cityloop.town.calendar.clock import city_clock
    from cityloop.town.units.models import Unit

    places = Unit.objects.filter(is_leaf=True, lon__isnull=False).values_list("code", "lon", "lat")
    leaves = [(code, lon or 0.0, lat or 0.0) for code, lon, lat in places]  # for mypy: no None is among them
    now, chance = city_clock.now(), random.Random(1)
    weights = [chance.expovariate(1) for _ in leaves]
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if sqlite:
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.execute("PRAGMA cache_size=-500000")
        for start in range(0, CASES, CHUNK):
            drawn = chance.choices(leaves, weights, k=CHUNK)
            rows = [_case(start + n, place, now, chance) for n, place in enumerate(drawn)]
            _write(cursor, Case, rows)
            parts = [
                {"id": n, "case_id": n, "round": 1, "number": 1, "role": "lead", "state": "open", "due": None,
                 "ended": (n - 1) % 10 > 0,
                 "org": departments[n // 7 % DEPARTMENTS][0], "org_path": departments[n // 7 % DEPARTMENTS][1]}
                for n in range(start + 1, start + CHUNK + 1)
            ]  # fmt: skip
            _write(cursor, Part, parts)
        cursor.execute("ANALYZE" if sqlite else "VACUUM ANALYZE")
    connection.close()  # and with it what was set for writing


def _case(number: int, place: tuple[str, float, float], now: int, chance: random.Random) -> dict[str, Any]:
    from cityloop.ground.codes import cell

    code, lon, lat = place
    lon, lat = lon + chance.gauss(0, 0.002), lat + chance.gauss(0, 0.002)
    is_open, today = number % 10 == 0, number % (CASES // CLOSED_TODAY) == 1
    created = now - int(chance.random() * (20 if is_open else 360) * DAY) - (0 if is_open else DAY)
    closed = None if is_open else now - chance.randrange(DAY // 2) if today else created + chance.randrange(DAY)
    return {
        "id": number + 1, "definition": "x", "snapshot": "{}" * 400, "slots": "{}", "head": b"x" * 32,
        "state": "handling" if is_open else "closed", "seq": 5, "round": 1, "matter": "noise", "unit_code": code,
        "unit_filed": code, "level": 2 if number % 50 == 0 else 0, "urgent": False, "held": "", "lon": lon, "lat": lat,
        "cell": cell(lon, lat), "address": "1 Long Road", "origin": "live", "channel": "web", "created": created,
        "at": created, "filed": created, "closed": closed, "due": created + 10 * DAY, "resolution": "",
        "lead_org": 0, "person": 0, "parent_id": None, "into_id": None, "source": "", "source_key": "",
        "source_due": None, "source_status": "", "precision": "second", "marked": "", "component": "",
    }  # fmt: skip


def _write(cursor: Any, model: Any, rows: list[dict[str, Any]]) -> None:
    from django.db import connection, transaction

    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    table = f'"{model._meta.db_table}" ({columns})'
    if connection.vendor == "postgresql":
        with cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(tuple(row.values()))
        return
    with transaction.atomic():
        values = ", ".join(["%s"] * len(names))
        cursor.executemany(f"INSERT INTO {table} VALUES ({values})", [tuple(row.values()) for row in rows])


def _row(name: str, value: float, goal: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 1), "unit": "ms", "goal": f"≤ {goal}", "holds": value <= goal}


if __name__ == "__main__":
    print(json.dumps(run(), indent=1, ensure_ascii=False))
