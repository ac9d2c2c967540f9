"""What stands along the streets of Tinglan: lamps, trees, manholes, bins, stops, each with its street's name."""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

import shapely

from cityloop.demo.tinglan.ground import EAST, METRES, NORTH, ground, roads

# Type of the municipal plate → every how many metres one stands, how far from the middle of the street, on which
# classes of street.
LAMP, TREE = "0137", "0402"
ALONG = {
    LAMP: (55, 7.0, ("primary", "secondary", "residential")),
    TREE: (70, 9.0, ("primary", "secondary")),
    "0102": (110, 1.0, ("primary", "secondary", "residential")),
    "0103": (110, 4.0, ("primary", "secondary", "residential")),
    "0305": (260, 8.0, ("primary", "secondary", "residential")),
    "0204": (650, 8.0, ("primary",)),
}
STATES = (("完好", 0.985), ("破损", 0.012), ("丢失", 0.003))
TREES = ("香樟", "悬铃木", "银杏", "栾树", "榉树")
COLUMNS = ("number", "type", "state", "street", "lon", "lat", "lamps", "species")


def write(path: Path, seed: int) -> None:
    """Write them all as one file; the same each time."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    names, shares = [name for name, _ in STATES], [share for _, share in STATES]
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for number, (type_, street, lon, lat) in enumerate(_things(), 1):
            state, lamps = chance.choices(names, shares)[0], 1 + chance.randrange(2) if type_ == LAMP else ""
            species = TREES[sum(map(ord, street)) % len(TREES)] if type_ == TREE else ""
            rows.writerow((number, type_, state, street, f"{lon:.7f}", f"{lat:.7f}", lamps, species))


def _things() -> Iterator[tuple[str, str, float, float]]:
    town = ground()
    shapely.prepare(town.land)
    for street in roads(town):
        told = street["properties"]
        for line in shapely.get_parts(shapely.geometry.shape(street["geometry"])):
            # In metres from the first corner, so that distances are true along both axes.
            metres = shapely.transform(line, lambda points: points / (EAST / METRES, NORTH / METRES))
            for type_, (every, aside, classes) in ALONG.items():
                if told["class"] in classes:
                    for lon, lat in _places(metres, every, aside):
                        if shapely.contains_xy(town.land, lon, lat):
                            yield type_, told["name"], lon, lat


def _places(line: shapely.LineString, every: int, aside: float) -> Iterator[tuple[float, float]]:
    """Give places on both sides of a street by turns, in degrees."""
    for n in range(int(line.length // every)):
        here, there = (line.interpolate(n * every + every / 2 + ahead) for ahead in (0, 1))
        x, y = there.x - here.x, there.y - here.y
        side = aside if n % 2 else -aside
        yield (here.x - y * side) * EAST / METRES, (here.y + x * side) * NORTH / METRES
