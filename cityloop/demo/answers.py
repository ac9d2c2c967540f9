"""Dispatchers of the demo who look at alarms: most are acknowledged after a while, the others await the visitors."""

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases.replaying.hands import drawn
from cityloop.loops.sensing import alarms
from cityloop.loops.sensing.actions import alarming
from cityloop.town.orgs import authority
from cityloop.town.persons.models import Account

MINUTE = 60_000_000
WHO = "dispatcher2"
LEAST, MOST = 6, 40  # minutes until somebody looks
LEFT = 2  # one in so many is left to the visitors


def go_on(at: int) -> int:
    """Acknowledge the alarms whose time has come; give how many. One query where there are none."""
    due = [one for one in alarms.every(standing=True, most=200) if one.state == "raised" and _due(one.pk, one.at, at)]
    who = Account.objects.filter(username=WHO).first() if due else None
    if who is None:
        return 0
    actor, scope = authority.actors(who, at)[0], authority.scope(who, at)
    for one in due:
        try:
            alarming.take(alarm=one.pk, act=Act("acknowledge"), by=actor, at=at, expected=one.seq, scope=scope)
        except Refusal:  # a visitor was quicker
            continue
    return len(due)


def _due(number: int, since: int, at: int) -> bool:
    lot = drawn(f"alarm {number}")
    return bool(lot % LEFT) and since + (LEAST + lot % (MOST - LEAST)) * MINUTE <= at
