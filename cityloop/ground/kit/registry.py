"""Which plates there are: our own folders, folders of the city's, and those of installed packages.

A package from outside names its plate as an entry point of the group `cityloop.plates`: `key = "package.of.folder"`.
Nothing of it is executed to find it.
"""

from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from cityloop.ground.kit.plate import MANIFEST
from cityloop.ground.kit.refusal import Refusal

GROUP, SHIPPED = "cityloop.plates", "cityloop.plates"


def plates(more: Iterable[Path] = ()) -> dict[str, Path]:
    """Give the folder of each plate by its name; a name that two have is refused."""
    found: dict[str, Path] = {}
    for name, folder in _all(more):
        known = found.setdefault(name, folder)
        if known.resolve() != folder.resolve():
            raise Refusal(
                "kit.plate.twice",
                "The plate {name} stands in {one} and in {other}; keep one.",
                "plate",
                name=name,
                one=str(known),
                other=str(folder),
            )
    return dict(sorted(found.items()))


def _all(more: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    for home in [*_places(SHIPPED), *more]:
        for path in sorted(home.glob(f"*/{MANIFEST}")):
            yield path.parent.name, path.parent
    for point in entry_points(group=GROUP):
        for home in _places(point.value):
            yield point.name, home


def _places(package: str) -> list[Path]:
    """Give the folders of a package; one that is not there is refused by its name."""
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise Refusal("kit.plate.package", "There is no package {package} for a plate.", "plate", package=package)
    return [Path(place) for place in spec.submodule_search_locations]
