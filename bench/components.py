"""Components by the hundred thousand or the ten million: bringing them in, and looking at them on the map.

The rows are resampled from the real files of New York (street trees, hydrants, subway entrances), each moved a little,
in the demo's real units. All go through the real import: one file of its own is timed, the others fill the register
up to CITYLOOP_COMPONENTS (200,000 by default, 10,000,000 for the full figure). Views are vector tiles as the map asks
for them, at every zoom, over the densest parts and the edge of the city.
"""

import csv
import gzip
import itertools
import json
import os
import random
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.city import open_city

NUMBER = int(os.environ.get("CITYLOOP_COMPONENTS") or 200_000)
TIMED = 100_000  # rows of the file whose import is timed
BLOCK = 500_000  # rows of one type in one file: a city brings its lamps, then its covers
ROUNDS = 12
GOALS = {"PostgreSQL": (20_000, 150), "SQLite": (4_000, 150)}
PLACES = [(-73.9857, 40.7484), (-73.95, 40.65), (-73.9, 40.85), (-74.15, 40.58), (-73.76, 40.6), (-73.8, 40.72)]
TREES = "nyc_street_trees_sample.csv.gz"


def run() -> list[dict[str, Any]]:
    """Measure."""
    with open_city() as database, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _city(folder)
        rows_goal, view_goal = GOALS[database]
        timed, rest = min(TIMED, NUMBER), max(0, NUMBER - TIMED)
        _fill(folder, rest)
        rate = _timed_import(folder, timed)
        _settle()
        views = _views()
    worst = max(views.values())
    size = f"{NUMBER:,} components, {database}"
    found = [
        _row(f"import of {timed:,} street trees beside {rest:,}, {database}", rate, "rows/s", rows_goal, least=True)
    ]
    found += [_row(f"tiles at zoom {zoom}, {size}: p95", value, "ms", view_goal) for zoom, value in views.items()]
    return [*found, _row(f"tiles, {size}: worst p95", worst, "ms", view_goal)]


def _city(folder: Path) -> None:
    """Make the city with all types there are: New York's own and those of the municipal plate."""
    from cityloop.demo import city as demo
    from cityloop.ground.kit.loader import load
    from cityloop.ground.kit.registry import plates
    from cityloop.loops.cases.importing.known import found_city
    from cityloop.town.catalog.actions import publish

    demo.lay_out(demo.new_york, folder)
    found_city(by=demo.BY, at=demo.MIDNIGHT)
    publish(plates=[load(demo.NEW_YORK / "plate"), load(plates()["municipal"])], by=demo.BY, at=demo.MIDNIGHT)


def _real() -> list[tuple[float, float]]:
    """Give the places of the real files."""
    found: list[tuple[float, float]] = []
    for name, lon, lat in (
        (TREES, "longitude", "latitude"), ("nyc_hydrants_sample.csv.gz", "longitude", "latitude"),
        ("nyc_subway_entrances.csv.gz", "entrance_longitude", "entrance_latitude"),
    ):  # fmt: skip
        with gzip.open(_assets() / name, "rt", encoding="utf-8") as file:
            found += [(float(row[lon]), float(row[lat])) for row in csv.DictReader(file)]
    return found


def _assets() -> Path:
    folder = Path(os.environ.get("CITYLOOP_SHARED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
    return folder / "assets"


def _moved(places: list[tuple[float, float]], chance: random.Random) -> tuple[float, float]:
    lon, lat = chance.choice(places)
    return lon + chance.gauss(0, 0.004), lat + chance.gauss(0, 0.003)


def _fill(folder: Path, number: int) -> None:
    """Fill the register through the real import, a block of one type after the other."""
    from cityloop.town.components import queries

    places, chance, kinds = _real(), random.Random(1), itertools.cycle(sorted(queries.kinds()))
    while number > 0:
        block = min(BLOCK, number)
        path = folder / "fill.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "lon", "lat"])
            writer.writerows((n, *(f"{v:.6f}" for v in _moved(places, chance))) for n in range(block))
        kind = next(kinds)
        _bring(path, {"source": {"name": f"fill.{kind}.{number}"[:40].lower()}, "columns": {"key": "id"},
                      "place": {"lon": "lon", "lat": "lat"}, "types": {"default": kind}})  # fmt: skip
        number -= block


def _timed_import(folder: Path, number: int) -> float:
    """Import street trees with all that the real file says of them; give the rows a second, the file's reading in."""
    from cityloop.demo import city as demo

    rules = tomllib.loads((demo.NEW_YORK / "maps" / "street_trees.toml").read_text())
    path = folder / "trees.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        _write_trees(file, number)
    started = time.perf_counter()
    tally = _bring(path, rules)
    taken = time.perf_counter() - started
    if tally["created"] < 0.9 * number:
        raise RuntimeError(f"too few came in: {tally}")
    return float(tally["rows"] / taken)


def _write_trees(file: Any, number: int) -> None:
    with gzip.open(_assets() / TREES, "rt", encoding="utf-8") as source:
        real = list(csv.DictReader(source))
    writer, chance = csv.DictWriter(file, list(real[0])), random.Random(2)
    writer.writeheader()
    for n in range(number):
        lon, lat = _moved([(float(real[n % len(real)]["longitude"]), float(real[n % len(real)]["latitude"]))], chance)
        writer.writerow({**real[n % len(real)], "tree_id": n, "longitude": f"{lon:.6f}", "latitude": f"{lat:.6f}"})


def _bring(path: Path, rules: dict[str, Any]) -> dict[str, Any]:
    from cityloop.demo import city as demo
    from cityloop.town.components.importing.actions import import_components
    from cityloop.town.components.importing.mapping import ComponentsMap

    rejects = path.with_suffix(".rejected.csv")
    return import_components(
        path=path, rules=ComponentsMap.model_validate(rules), reject_file=rejects, by=demo.BY, at=demo.MIDNIGHT
    ).told()


def _settle() -> None:
    """Let the database see to itself, as its own background work would within minutes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _views() -> dict[int, float]:
    """Give by zoom the 95th percentile of a tile, in milliseconds: the database asked, the tile drawn and sent."""
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = ["testserver"]
    browser, found = Client(), {}
    for zoom in range(9, 19):
        paths = list(_tiles(zoom))
        for path in paths:
            browser.get(path)
        found[zoom] = _p95(browser, paths)
    return found


def _tiles(zoom: int) -> Iterator[str]:
    from cityloop.ground.codes.tiles import tile_at

    for lon, lat in PLACES:
        yield "/tiles/components/{}/{}/{}.pbf".format(*tile_at(lon, lat, zoom))
        yield "/tiles/components/{}/{}/{}.pbf?type=street_tree".format(*tile_at(lon, lat, zoom))


def _p95(browser: Any, paths: list[str]) -> float:
    times: list[float] = []
    for path in paths * ROUNDS:
        started = time.perf_counter()
        answer = browser.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        times.append(time.perf_counter() - started)
    return sorted(times)[int(len(times) * 0.95)] * 1000


def _row(name: str, value: float, unit: str, goal: float, *, least: bool = False) -> dict[str, Any]:
    holds = value >= goal if least else value <= goal
    sign = "≥" if least else "≤"
    return {"name": name, "value": round(value, 1), "unit": unit, "goal": f"{sign} {goal:,}", "holds": holds}


if __name__ == "__main__":
    print(json.dumps(run(), indent=1, ensure_ascii=False))
