"""The demo cities: what is peculiar to each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cityloop.demo import tinglan
from cityloop.demo.tinglan import day, ground, things
from cityloop.demo.tinglan.instruments import Instrument, instruments
from cityloop.ground.kit.loader import load
from cityloop.ground.kit.manifest import Manifest
from cityloop.ground.kit.registry import plates as installed
from cityloop.loops.cases.importing.mapping import ImportMap, read_map
from cityloop.town.orgs.queries import directory

FOLDER = Path(__file__).parent
NEW_YORK = FOLDER / "new_york"
TINGLAN = Path(tinglan.__file__).parent
MINUTE = 60_000_000
Shifts = list[list[list[str]]]
Things = tuple[Path, Path]  # a file of components, and its map


@dataclass(frozen=True)
class Scene:
    """A demo city. `opening` is what its clock shows first; `end` the last closing of its day."""

    key: str
    language: str
    zone: str
    country: str
    subdivision: str
    shifts: Shifts
    midnight: int
    opening: int
    end: int
    units: Path
    requests: str
    seed: int
    data: Callable[[Path], Path]
    make: Callable[[Path], None]
    plates: Callable[[], list[Manifest]]
    rules: Callable[[], ImportMap]
    things: Callable[[Path], Sequence[Things]]
    instruments: Callable[[], Sequence[Instrument]] = tuple


def _nothing(_home: Path) -> None:
    """Make nothing: the files come with the demo."""


NEW_YORK_MIDNIGHT = 1_540_094_400_000_000  # 2018-10-21 00:00 in New York
new_york = Scene(
    key="new_york",
    language="en",
    zone="America/New_York",
    country="US",
    subdivision="NY",
    shifts=[[["09:00", "17:00"]]] * 5 + [[], []],
    midnight=NEW_YORK_MIDNIGHT,
    opening=NEW_YORK_MIDNIGHT + 12 * 60 * MINUTE,
    end=NEW_YORK_MIDNIGHT + (26 * 60 + 47) * MINUTE,  # 02:47 of the next day
    units=NEW_YORK / "units.toml",
    requests="nyc311_2018-10-21.csv.gz",
    seed=1,
    data=lambda _home: NEW_YORK / "data",
    make=_nothing,
    plates=lambda: [load(NEW_YORK / "plate")],
    rules=lambda: read_map(NEW_YORK / "maps" / "nyc311.toml"),
    things=lambda _home: [
        (NEW_YORK / "data" / "components" / f"{name}.csv.gz", NEW_YORK / "maps" / f"{name}.toml")
        for name in ("hydrants", "subway_entrances", "street_trees")
    ],
)


PLATES = ("municipal", "environmental_protection", "transportation", "community")


@lru_cache(maxsize=4)
def _plate(key: str) -> Manifest:
    """Give a plate of the town."""
    return load(installed()[key])


def _tinglan_files(home: Path) -> None:
    folder = tinglan_data(home)
    ground.write(folder)
    day.write(folder / "requests.csv", _plate("municipal"), TINGLAN_MIDNIGHT, seed=1)


def _tinglan_rules() -> ImportMap:
    """Give the map of the day's requests: matters and departments stand in them by their own codes."""
    rules = read_map(TINGLAN / "requests.toml")
    codes, keys = {m.code: m.code for m in _plate("municipal").matters}, {key: key for key in directory()}
    matters = rules.matters.model_copy(update={"values": codes})
    return rules.model_copy(update={"matters": matters, "agencies": rules.agencies.model_copy(update={"values": keys})})


def _tinglan_things(home: Path) -> list[Things]:
    file = tinglan_data(home) / "components.csv"
    things.write(file, seed=1)
    return [(file, TINGLAN / "components.toml")]


def tinglan_data(home: Path) -> Path:
    """Give the folder into which the town is generated."""
    return home / "tinglan"


TINGLAN_MIDNIGHT = 1_760_976_000_000_000  # 2025-10-21 00:00 in Shanghai, a Tuesday
town = Scene(
    key="tinglan",
    language="zh-hans",
    zone="Asia/Shanghai",
    country="CN",
    subdivision="",
    shifts=[[["08:30", "12:00"], ["14:00", "18:00"]]] * 5 + [[], []],
    midnight=TINGLAN_MIDNIGHT,
    opening=TINGLAN_MIDNIGHT + 10 * 60 * MINUTE,
    end=TINGLAN_MIDNIGHT + 27 * 60 * MINUTE,
    units=TINGLAN / "units.toml",
    requests="requests.csv",
    seed=1,
    data=tinglan_data,
    make=_tinglan_files,
    plates=lambda: [_plate(key) for key in PLATES],
    rules=_tinglan_rules,
    things=_tinglan_things,
    instruments=instruments,
)
SCENES = {scene.key: scene for scene in (new_york, town)}
