"""What stands in the demo city: lamps, trees, hydrants, brought in while it is looked at."""

from pathlib import Path

from cityloop.demo.city import BY
from cityloop.demo.scenes import Scene
from cityloop.town.calendar.clock import city_clock
from cityloop.town.components.importing.actions import import_components
from cityloop.town.components.importing.mapping import read_map


def bring(scene: Scene, home: Path) -> int:
    """Bring them in, and give how many are new; what is there already stays as it is."""
    created = 0
    for file, rules in scene.things(home):
        created += import_components(
            path=file,
            rules=read_map(rules),
            reject_file=home / "imports" / f"{rules.stem}.rejected.csv",
            by=BY,
            at=city_clock.now(),
        ).created
    return created
