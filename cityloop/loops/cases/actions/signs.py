"""Cases that instruments open: an alarm's, or one that is there already about the same thing.

What an alarm says is a step of the case (`instrument`), told by a rule under its own name; nobody is asked to trust it:
the check is a person's, as ever.
"""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.snapshot import Act
from cityloop.loops.cases import duplicates
from cityloop.loops.cases.actions.intake import Report, collect
from cityloop.loops.cases.actions.take import take
from cityloop.loops.cases.models import OPEN, SUBJECT, Case
from cityloop.town.columns import under
from cityloop.town.files.actions import attach
from cityloop.town.files.models import File
from cityloop.town.units.queries import city


def open_or_join(sign: Any, at: int) -> tuple[int, bool]:
    """Open a case for an alarm, or let it join the open one about the same; give its id, and whether it is new.

    A case is about the same where its matter is the alarm's and it lies near in place and time, or, without a point,
    in the same unit. One that goes to who is responsible is filed and dispatched by the rule, as far as the catalogue
    knows who that is.
    """
    by = Actor(kind="rule", role="rule", name=sign.rule[:80])
    known = _known(sign, at)
    if known is not None:
        tell(known.pk, sign, at)
        return known.pk, False
    report = Report(
        channel=sign.channel, photos=sign.photos, words=sign.words, matter=sign.matter, unit=sign.unit,
        lon=sign.lon, lat=sign.lat, language=(city().languages or ["en"])[0],
    )  # fmt: skip
    made = collect(report=report, by=by, at=at, door="alarm", key=sign.event).case
    _take(made, Act("instrument", dict(sign.facts)), by, at)
    if sign.urgent and _take(made, Act("file", {"matter": sign.matter}), by, at):
        _take(made, Act("dispatch", {}), by, at)
    return made, True


def tell(case: int, sign: Any, at: int) -> None:
    """Let a case know what an instrument says now: that it says so too, or that it is back to normal.

    What an eye saw is shown with it. A case that keeps an older loop, where no picture has a place, hears the words.
    """
    by = Actor(kind="rule", role="rule", name=sign.rule[:80])
    said = {**sign.facts, "words": sign.words}
    if not (sign.photos and _show(case, said, sign.photos, by, at)):
        _take(case, Act("instrument", said), by, at)


def _show(case: int, said: dict[str, Any], photos: Sequence[File], by: Actor, at: int) -> bool:
    """Give a case photos that were kept in advance, and tell it what they show: both or neither."""
    try:
        with transaction.atomic():
            for photo in photos:
                attach(file=photo, subject=f"{SUBJECT}:{case}")
            act = Act("instrument", {**said, "photos": [str(photo.uuid) for photo in photos]})
            take(case=case, act=act, by=by, at=at)
    except Refusal:
        return False
    return True


def _known(sign: Any, at: int) -> Case | None:
    # Never one that rests or is about to close: nobody there would see to what the instrument says now.
    open_cases = Case.objects.filter(OPEN, matter=sign.matter, state__in=duplicates.OPEN_STATES)
    if sign.lon is not None and sign.lat is not None:
        near = duplicates.likely(lon=sign.lon, lat=sign.lat, at=at, matter=sign.matter, most=1, among=open_cases)
        return near[0].case if near else None
    recent = open_cases.filter(under("unit_code", sign.unit), created__gte=at - duplicates.WITHIN)
    return recent.order_by("-id").first() if sign.unit else None


def _take(case: int, act: Act, by: Actor, at: int) -> bool:
    """Take a step as a rule; what the case does not admit (it waits, or keeps an older loop) is left to people."""
    try:
        take(case=case, act=act, by=by, at=at)
    except Refusal:
        return False
    return True
