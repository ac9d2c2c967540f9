"""What stands in the demo city: hydrants, street trees, entrances of the subway, brought in while it is looked at."""

from cityloop.demo.city import BY
from cityloop.demo.scenes import NEW_YORK
from cityloop.home import home
from cityloop.town.calendar.clock import city_clock
from cityloop.town.components.importing.actions import import_components
from cityloop.town.components.importing.mapping import read_map

FILES = ("hydrants", "subway_entrances", "street_trees")


def bring() -> int:
    """Bring them in, and give how many are new; what is there already stays as it is."""
    created = 0
    for name in FILES:
        created += import_components(
            path=NEW_YORK / "data" / "components" / f"{name}.csv.gz",
            rules=read_map(NEW_YORK / "maps" / f"{name}.toml"),
            reject_file=home() / "imports" / f"{name}.rejected.csv",
            by=BY,
            at=city_clock.now(),
        ).created
    return created
