"""Instruments that fall silent: found by a look at what each said last, not by a reading, for none comes."""

from typing import Any

import numpy as np
from django.db import connection, transaction

from cityloop.loops.sensing import watches
from cityloop.loops.sensing.actions import alarming
from cityloop.loops.sensing.actions.judging import FEW, Found, Series, apply
from cityloop.loops.sensing.models import Latest
from cityloop.loops.sensing.rules.phases import RAISED, Stand, Turn
from cityloop.loops.sensing.watches import Watch

WEEK = 7 * 86_400_000_000
LONG = 10  # times its limit: what fell silent longer ago, before anybody watched, was taken down
MOST = 500
MANY = 10  # silent at once, and more than half of their kind: it is not they who are broken

_SILENT = (
    f"SELECT d.id, l.last, l.result FROM sensing_latest l JOIN sensing_datastream d ON d.id = l.datastream_id"
    " JOIN sensing_observedproperty p ON p.id = d.observed_property_id"
    " LEFT JOIN sensing_stand s ON s.datastream_id = d.id AND s.rule = %s"
    f" WHERE {watches.OBSERVED} = %s AND l.last < %s AND l.last >= %s AND (s.phase IS NULL OR s.phase <> {RAISED})"
    " ORDER BY l.last, d.id LIMIT %s"
)

_SPOKE = (
    "SELECT sum(CASE WHEN l.last < %s THEN 1 ELSE 0 END), count(*)"
    " FROM sensing_latest l JOIN sensing_datastream d ON d.id = l.datastream_id"
    f" JOIN sensing_observedproperty p ON p.id = d.observed_property_id WHERE {watches.OBSERVED} = %s AND l.last >= %s"
)


def listen(*, at: int) -> int:
    """Raise the alarms of instruments that have said nothing for longer than their plate allows; give how many.

    One query for each rule of silence, and four for those that are raised. Others judge what comes meanwhile.
    """
    rules = [one for some in watches.watches().values() for one in some if one.silent]
    return sum(_listen(one, at) for one in rules)


def _listen(watch: Watch, at: int) -> int:
    found = _silent(watch, at)
    about = f"feed:{watch.rule}"[:60]
    feed = alarming.standing({watch.rule: {about}}).get((watch.rule, about))
    silent, all_ = _counted(watch, at) if len(found) > MANY or feed else (0, 0)
    if silent > MANY and silent * 2 > all_:
        if feed is None:
            _feed(watch, about, found, silent, at)
        return int(feed is None)
    if feed is not None:
        with transaction.atomic():
            alarming.over(alarm=feed, watch=watch, time=at, value=None, at=at)
    return sum(_raise(found[start : start + FEW], watch, at) for start in range(0, len(found), FEW))


@transaction.atomic
def _raise(found: list[Found], watch: Watch, at: int) -> int:
    """Raise the alarms of those that are still silent; whoever speaks meanwhile is heard after it, and ends them."""
    rows = Latest.objects.select_for_update().filter(pk__in=[one.bound.datastream for one in found])
    silent = set(rows.filter(last__lt=at - watch.silent).order_by("pk").values_list("pk", flat=True))
    still = [one for one in found if one.bound.datastream in silent]
    apply(still, at)
    return len(still)


@transaction.atomic
def _feed(watch: Watch, about: str, found: list[Found], silent: int, at: int) -> None:
    """Raise one alarm where most fell silent at once: what brings their readings is broken, and not each of them."""
    first = min(one.turns[0].since for one in found)
    seen = alarming.Seen(about, None, "", str(silent), None, None, first, first, None)
    alarming.find(watch=watch, seen=seen, at=at)


def _counted(watch: Watch, at: int) -> tuple[int, int]:
    """Give how many instruments of a kind are silent now, of how many that have spoken within a week. One query."""
    before = at - watch.silent
    with connection.cursor() as cursor:
        cursor.execute(_SPOKE, [before, watch.rule.rpartition("/")[0], before - max(WEEK, LONG * watch.silent)])
        silent, all_ = cursor.fetchone()
    return int(silent or 0), int(all_)


def _silent(watch: Watch, at: int) -> list[Found]:
    before = at - watch.silent
    with connection.cursor() as cursor:
        observed = watch.rule.rpartition("/")[0]
        cursor.execute(_SILENT, [watch.rule, observed, before, before - max(WEEK, LONG * watch.silent), MOST])
        rows: list[Any] = cursor.fetchall()
    bound, known = watches.bound_of(pk for pk, _last, _result in rows), watches.watches()
    fit = {pk for pk, one in bound.items() if watches.fitting(one, known)}
    return [_found(watch, bound[pk], last, result) for pk, last, result in rows if pk in fit]


def _found(watch: Watch, bound: watches.Bound, last: int, result: float | None) -> Found:
    column = np.array([last], np.int64)
    value = np.array([np.nan if result is None else result])
    series = Series(column, value, np.ones(1, bool))
    return Found(watch, bound, [Turn(True, 0, last)], series, Stand(), Stand(RAISED, last, last))
