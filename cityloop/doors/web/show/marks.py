"""Marks of maps, as GeoJSON; those of instruments, the same on every map."""

from collections.abc import Collection
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from cityloop.ground.codes.cells import Box
from cityloop.loops.sensing import instruments

THINGS = 2_000
Feature = dict[str, Any]


def of_things(
    now: int, *, alarmed: Collection[int] = (), without: Collection[int] = (), box: Box | None = None
) -> tuple[list[Feature], bool]:
    """Give the instruments that stand somewhere, in a box or anywhere, and whether there are more. Four queries.

    Of very many those come first that have an alarm, which says more of how they are than anything else. Those
    `without` are left out: their alarms stand on the map themselves.
    """
    found = instruments.points(most=THINGS + 1, box=box, first=alarmed)
    points = {one[0]: one for one in found[:THINGS] if one[0] not in without}.values()
    ids = [one[0] for one in points]
    doubted, silent = instruments.doubted_things(ids), instruments.silent_things(ids, now)
    how = {**dict.fromkeys(doubted, "doubted"), **dict.fromkeys(silent, "silent"), **dict.fromkeys(alarmed, "alarm")}
    looks = {
        "alarm": ("alarm", "bell-ringing", _("an alarm stands")), "silent": ("over", "plug-connected-x", _("silent")),
        "doubted": ("due", "alert-triangle", _("doubted")), "": ("ontime", "access-point", _("no alarm")),
    }  # fmt: skip
    marks = [
        point(
            lon, lat, id=f"thing-{pk}", status=status, icon=icon, name=name, title=name, words=words,
            href=reverse("desk:sensor", args=[pk]),
        )
        for pk, name, _moves, lon, lat in points
        for status, icon, words in [looks[how.get(pk, "")]]
    ]  # fmt: skip
    return marks, len(found) > THINGS


def point(lon: float, lat: float, **told: Any) -> Feature:
    """Give a mark as GeoJSON."""
    properties = {"place": "", "share": 0, "until": "", **told}
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": properties}
