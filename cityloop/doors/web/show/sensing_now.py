"""What the instruments say just now, for maps and walls: alarms that stand, how many are sound, the newest values.

The alarms are those a scope may see; the rest reads the census, a row a kind, so that it costs the same in any city.
"""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from cityloop.doors.web.show import names
from cityloop.doors.web.show.alarms import Shown, shown
from cityloop.doors.web.show.plate_words import ALARMS
from cityloop.doors.web.show.times import hour
from cityloop.loops.cases import queries as cases
from cityloop.loops.sensing import alarms, instruments, saying, watches
from cityloop.town.orgs.authority import Scope

ALARMS_MOST, VALUES_MOST = 5, 6


@dataclass(frozen=True, slots=True)
class Value:
    """The newest value of a kind: what it is of all that measure it, and where it leads."""

    name: str
    words: str
    value: str
    href: str


@dataclass(frozen=True, slots=True)
class Now:
    """What the template prints."""

    standing: int
    by_severity: list[tuple[str, int]]
    alarms: list[Shown]
    sound: int
    doubtful: int
    silent: int
    values: list[Value]
    at: str


def now_of(scope: Scope, now: int) -> Now | None:
    """Give what is to be said now, None in a city without instruments. Three queries, one where there are none."""
    rows = instruments.census()
    if not rows:
        return None
    counts = alarms.counted(scope, cases.ids_of_part)
    found = alarms.listed(scope, cases.ids_of_part, standing=True, most=ALARMS_MOST)
    places = names.places({one.unit_code for one in found if not one.place}, last=1)
    silent, doubtful = sum(row.silent for row in rows), sum(row.doubtful for row in rows)
    return Now(
        standing=sum(counts.values()),
        by_severity=[(ALARMS[key](), counts[key]) for key in alarms.RANKS if counts.get(key)],
        alarms=[shown(one, places, {}, now) for one in found],
        sound=sum(row.number for row in rows) - silent - doubtful,
        doubtful=doubtful,
        silent=silent,
        values=values(rows),
        at=hour(max(row.at for row in rows)),
    )


def values(rows: list[Any]) -> list[Value]:
    """Give the newest values of the kinds that rules watch by a limit, those first that most instruments measure."""
    found = []
    for row in sorted(rows, key=lambda row: (-row.number, row.key)):
        some = watches.watches().get(row.key, ())
        unit = some[0].observed.unit if some else "1"
        limits = [one.alarm for one in some if one.alarm.above is not None or one.alarm.below is not None]
        if not limits or row.most is None or unit == "1":
            continue
        above = limits[0].above is not None
        found.append(
            Value(
                name=names.words(some[0].observed.names),
                words=_("highest") if above else _("lowest"),
                value=saying.value(row.most if above else row.least, unit),
                href=f"{reverse('desk:sensors')}?{urlencode({'of': row.key})}",
            )
        )
    return found[:VALUES_MOST]
