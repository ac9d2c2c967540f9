"""A plate that watches the air of the small town, and stations that measure what it watches."""

from typing import Any

from cityloop.ground.kit.manifest import Manifest
from cityloop.loops.sensing.actions import describing, judging
from cityloop.loops.sensing.models import Alarm, Datastream
from cityloop.loops.sensing.rules import said
from cityloop.town.catalog import actions as catalog
from tests.loops.cases.smallville import PLATE, _matter
from tests.loops.sensing.instruments import AT, HOUR, MICROGRAMS, bring, station, stream
from tests.town.staff import BY, both

MINUTE = HOUR // 60


def alarm(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "names": both(f"Alarm {key}"), "matter": "smog", "severity": "severe", **more}


def plate(*alarms: dict[str, Any], unit: str = "ug/m3", every: str = "1 uh") -> Manifest:
    """Give a plate that observes fine dust by these alarms."""
    return Manifest.model_validate({
        "key": "air", "version": "1.0.0", "names": both("Air"),
        "organisations": [{"key": "parks", "names": both("Parks")}],
        "matters": [_matter("smog", "Smog", "1 uh", "5 wd")],
        "responsibility": [{"matter": "smog", "lead": "parks"}],
        "observed": [{"key": "pm25", "names": both("Fine dust"), "unit": unit, "every": every, "alarms": list(alarms)}],
    })  # fmt: skip


def switch_on(*alarms: dict[str, Any], **more: Any) -> None:
    catalog.publish(plates=[PLATE, plate(*alarms, **more)], by=BY, at=AT)


def set_up(*, place: tuple[float, float] = (10.05, 50.07), observed: str = "air/pm25", symbol: str = "ug/m3") -> int:
    """Set up a station that measures what the plate observes; give its datastream."""
    measured = stream(unitOfMeasurement={**MICROGRAMS, "symbol": symbol})
    measured["ObservedProperty"]["properties"] |= {"observed": observed, "minimum": -5000, "maximum": 5000}
    thing = describing.add(said=said.read(said.ThingSaid, station(measured, place=place)), by=BY, at=AT)
    return int(Datastream.objects.get(thing=thing).pk)


def hear(pk: int, *values: float, start: int = AT, every: int = HOUR, late: int = 0) -> int:
    """Bring readings one after the other, each judged as it comes; give the time after the last."""
    for number, value in enumerate(values):
        time = start + number * every
        bring((pk, time, value), now=time + late)
        judging.judge(at=time + late)
    return start + len(values) * every


def alarms() -> list[tuple[str, str, float | None]]:
    """Give the alarms there are: rule, state, the reading furthest beyond."""
    rows = Alarm.objects.order_by("pk").values_list("rule", "state", "worst")
    return [(rule.rpartition("/")[2], state, worst) for rule, state, worst in rows]
