"""A day in Tinglan: what is reported where and when, and until when it is done. Drawn by a seed; nobody is meant."""

import csv
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import shapely

from cityloop.demo.tinglan.ground import BANK, Cell, ground, node, roads
from cityloop.ground.kit.manifest import Manifest, Matter
from cityloop.ground.kit.routing import Table
from cityloop.ground.worktime import parse_limit

HEAD = ("编号", "上报时间", "办结时间", "状态", "事项", "部门", "来源", "地址", "经度", "纬度")
NUMBER = 1_500
CHINA = timezone(timedelta(hours=8))
# How much comes in each hour of the day, 0 to 23.
HOURS = (4, 3, 2, 2, 2, 6, 20, 55, 85, 95, 90, 70, 50, 60, 80, 85, 80, 75, 60, 50, 40, 28, 15, 8)
STANDS = ("已立案", "已派遣", "处置中", "处置中", "待核查")
# What is seen most in any town: rubbish, dirt, handbills, traders on the pavement, bicycles, noise, lamps, covers.
COMMON = frozenset((
    "E0110", "E0112", "E0113", "E0114", "E0128", "E0136", "E0201", "E0202", "E0301", "E0304", "E0401", "E0405", "E0406",
    "E0410", "E0503", "E0506", "C0102.1", "C0103.2", "C0137.1", "C0305.1", "C0402.1",
))  # fmt: skip
CHANNELS = ("MOBILE", "MOBILE", "PHONE", "ONLINE")
UNITS = {"um": 1 / 60, "uh": 1.0, "wh": 1.4, "wd": 10.0, "d": 24.0}
LATEST = timedelta(hours=27)


def write(path: Path, plate: Manifest, midnight: int, seed: int) -> None:
    """Write the day's requests as a CSV file, in the order in which they come."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEAD)
        out.writerows(_rows(plate, datetime.fromtimestamp(midnight / 1e6, UTC), random.Random(seed)))  # noqa: S311


def _rows(plate: Manifest, midnight: datetime, draw: random.Random) -> Iterator[tuple[Any, ...]]:
    table = Table(plate.rules())
    leads = {m.code: why[0].lead for m in plate.matters if m.level == 0 and (why := table.route(m.code, "").why)}
    matters = [m for m in plate.matters if m.code in leads]
    weights = [(30 if m.code in COMMON else 2 if m.kind == "event" else 1) * draw.uniform(0.5, 1.5) for m in matters]
    cells, busy = _places()
    streets = [(f["properties"]["name"], shapely.geometry.shape(f["geometry"])) for f in roads(ground())]
    tree = shapely.STRtree([shape for _name, shape in streets])
    hours = draw.choices(range(24), HOURS, k=NUMBER)
    times = sorted(midnight + timedelta(hours=hour, seconds=draw.randrange(3600)) for hour in hours)
    for number, at in enumerate(times, 1):
        (matter,), (cell,) = draw.choices(matters, weights), draw.choices(cells, busy)
        lon, lat = node(cell[0] + draw.random(), cell[1] + draw.random())
        name = streets[int(tree.nearest(shapely.Point(lon, lat)))][0]
        closed = _closed(matter, at, midnight, draw)
        yield (
            f"{number:05d}", _text(at), _text(closed), "已结案" if closed else draw.choice(STANDS), matter.code,
            leads[matter.code], draw.choice(CHANNELS), f"{name}{draw.randrange(1, 300)}号附近",
            f"{lon:.6f}", f"{lat:.6f}",
        )  # fmt: skip


def _places() -> tuple[list[Cell], list[float]]:
    """Give the grids and how much is going on in each: most in the middle, by the river."""
    cells = ground().cells
    middle = sum(i for i, _j in cells) / len(cells)
    return cells, [1 / (4 + abs(i - middle) + 1.5 * abs(j - BANK)) for i, j in cells]


def _closed(matter: Matter, at: datetime, midnight: datetime, draw: random.Random) -> datetime | None:
    """Give when it was done: mostly within its limit, sometimes late; None where that lies behind this day."""
    limit = parse_limit(matter.milestones[-1].limit)
    number, unit = limit.text.split()
    spent = float(number) * UNITS[unit] * (draw.uniform(0.15, 0.9) if draw.random() < 0.85 else draw.uniform(1, 1.8))
    closed = at + timedelta(hours=max(spent, 0.7))
    return closed if closed < midnight + LATEST else None


def _text(at: datetime | None) -> str:
    return at.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M:%S") if at else ""
