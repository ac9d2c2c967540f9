"""Which loop definition an alarm follows."""

from cityloop.ground.loop.definition import Definition, shipped

LOOP = "alarm"


def present() -> Definition:
    """Give the definition of alarms. It has no profiles: a small town's alarms are no other than a city's."""
    return shipped(LOOP)
