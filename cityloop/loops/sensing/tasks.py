"""What sensing does by itself, as the steward calls it."""

import time

from django.conf import settings

from cityloop.loops.sensing import normals
from cityloop.loops.sensing.actions import arriving, counting, doubting, handing, judging, silences
from cityloop.loops.sensing.models import Normal
from cityloop.loops.sensing.rules.conditions import DAY, HOUR
from cityloop.town.calendar.clock import city_clock
from cityloop.town.columns import real_now
from cityloop.town.ledger import queries as ledger
from cityloop.town.ledger.actions import move_cursor

AT_A_STRETCH = 1.0  # seconds of judging, then limits and the ledger have their turn
DOUBTS = "doubts"


def judge() -> int:
    """Judge the readings that have come: what is live first, and then some of what files brought."""
    return _live() + judging.judge(at=city_clock.now(), partition=arriving.ASIDE)


def _live() -> int:
    """Judge what is live; where a stream carries it to others, only what it did not in good time."""
    if not settings.STREAM:
        return _judge()
    before = real_now() - arriving.PATIENCE
    if not arriving.any_before(before):
        return 0
    partitions = [*range(handing.PARTITIONS), arriving.UNSORTED]  # what was handed on came before what was not
    return sum(_judge(partition=one, before=before) for one in partitions)


def _judge(**only: int) -> int:
    """Judge; as long as there are many, go on for a while."""
    total, until = 0, time.monotonic() + AT_A_STRETCH
    while time.monotonic() < until:
        count = judging.judge(at=city_clock.now(), **only)
        total += count
        if count < judging.MOST // 2:
            break
    return total


def listen() -> int:
    """Look for instruments that fell silent."""
    return silences.listen(at=city_clock.now())


def renew() -> int:
    """Find anew, once a day, what is normal."""
    now = city_clock.now()
    newest = Normal.objects.order_by("-at").values_list("at", flat=True).first()
    return normals.renew(at=now) if newest is None or now - newest > DAY else 0


def doubt() -> int:
    """Find anew, once an hour of the city, who is doubted though they speak."""
    now = city_clock.now()
    hour = now // HOUR
    if ledger.cursor(DOUBTS) >= hour:
        return 0
    move_cursor(DOUBTS, hour)
    return doubting.doubt(at=now)


def count() -> int:
    """Count the instruments anew."""
    return counting.count(at=city_clock.now())
