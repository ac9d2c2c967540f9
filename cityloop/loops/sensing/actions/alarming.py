"""The life of an alarm: raised and cleared by a rule, acknowledged or dismissed by a person; each is on the ledger."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from django.db import transaction

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop import engine
from cityloop.ground.loop.actor import Actor
from cityloop.ground.loop.duties import Duty, duties
from cityloop.ground.loop.snapshot import Act, Snapshot, dump, load
from cityloop.loops.sensing import ports, saying
from cityloop.loops.sensing.loop import LOOP, present
from cityloop.loops.sensing.models import Alarm
from cityloop.loops.sensing.watches import Watch
from cityloop.town.calendar.queries import calendars
from cityloop.town.catalog import queries as catalog
from cityloop.town.columns import real_now
from cityloop.town.ledger import actions as ledger
from cityloop.town.ledger import chain
from cityloop.town.orgs.authority import Scope
from cityloop.town.persons.actions import keep_words
from cityloop.town.worklist import actions as worklist

log = logging.getLogger(__name__)


class Seen(NamedTuple):
    """What a rule saw: of a datastream or of a unit, where, since when, by which reading, and how far it went."""

    about: str
    datastream: int | None
    unit_code: str
    place: str
    lon: float | None
    lat: float | None
    since: int
    raised: int
    value: float | None


def find(*, watch: Watch, seen: Seen, at: int) -> Alarm:
    """Raise an alarm, inside the caller's transaction. The database refuses a second one about the same."""
    one = Alarm.objects.create(
        definition="", snapshot="", head=b"", state="", seq=0, at=at, rule=watch.rule, about=seen.about,
        datastream_id=seen.datastream, catalogue=catalog.current().digest, matter=watch.alarm.matter,
        severity=watch.alarm.severity, unit_code=seen.unit_code, level=watch.level, lon=seen.lon, lat=seen.lat,
        place=seen.place, since=seen.since, raised=seen.raised, value=seen.value, worst=seen.value,
    )  # fmt: skip
    data = {"rule": watch.rule, "about": seen.about, "unit": seen.unit_code, "matter": watch.alarm.matter,
            "since": seen.since, "raised": seen.raised, **_milli(seen.value)}  # fmt: skip
    step(one, Act("raise", data), rule(watch.rule), at)
    return one


def open_case(*, alarm: Alarm, watch: Watch, at: int) -> None:
    """Open a case for an alarm that stands, or join one; where no case can be, the alarm stands alone."""
    if watch.alarm.opens == "nothing":
        return
    try:
        with transaction.atomic():
            alarm.case, alarm.opened = ports.cases()(sign_of(alarm, watch), at)
    except Refusal as refusal:
        log.warning("alarm %s opened no case: %s", alarm.pk, refusal.code)
        return
    alarm.save(update_fields=["case", "opened"])


def over(*, alarm: Alarm, watch: Watch | None, time: int, value: float | None, at: int) -> None:
    """Clear an alarm whose readings are back to normal, and tell its case, inside the caller's transaction."""
    alarm.value, alarm.ended = value, at
    step(alarm, Act("clear", {"since": time, **_milli(value)}), rule(alarm.rule), at)
    if alarm.case:
        try:
            with transaction.atomic():
                ports.news()(alarm.case, sign_of(alarm, watch, over=time), at)
        except Refusal as refusal:
            log.warning("case %s was not told that alarm %s is over: %s", alarm.case, alarm.pk, refusal.code)


@transaction.atomic
def take(
    *, alarm: int, act: Act, by: Actor, at: int, expected: int | None = None, scope: Scope | None = None
) -> Alarm:  # fmt: skip
    """Take an action of a person on an alarm: acknowledge, look again, dismiss."""
    one = Alarm.objects.select_for_update().filter(pk=alarm).first()
    if one is None or (scope is not None and not scope.allows(one.unit_code, one.level)):
        raise Refusal("sensing.alarm.unknown", "There is no such alarm.", field="alarm")
    if scope is not None and not scope.may(by, one.unit_code, one.level):
        raise Refusal("authority.denied", "Your post does not cover this case.")
    if expected is not None and expected != one.seq:
        raise Refusal("sensing.alarm.changed", "Somebody else acted on this alarm meanwhile; look at it again.")
    if act.name == "dismiss":
        one.ended = at
    step(one, act, by, at)
    return one


def rule(name: str) -> Actor:
    """Give a rule as one who acts."""
    return Actor(kind="rule", role="rule", name=name[:80])


def sign_of(alarm: Alarm, watch: Watch | None, over: int = 0) -> ports.Sign:
    """Give what an alarm says to the room of cases."""
    facts: dict[str, str | int] = {"alarm": alarm.pk, "rule": alarm.rule, "since": alarm.since, **_milli(alarm.value)}
    return ports.Sign(
        event=str(alarm.pk), rule=alarm.rule, matter=alarm.matter, unit=alarm.unit_code, lon=alarm.lon, lat=alarm.lat,
        urgent=watch is not None and watch.alarm.opens == "case", facts=facts,
        words=saying.in_city_language(alarm, watch, over),
    )  # fmt: skip


def _milli(value: float | None) -> dict[str, int]:
    """Give a value as the ledger takes it, in thousandths: canonical JSON has no fractions."""
    return {} if value is None or abs(value) > 1e12 else {"milli": round(value * 1000)}


# --- steps ----------------------------------------------------------------------------------------


def step(alarm: Alarm, act: Act, by: Actor, at: int) -> None:
    """Take a step of an alarm: engine, ledger, worklist and row, inside the caller's transaction."""
    definition = present()
    before: Snapshot = load(alarm.snapshot) if alarm.snapshot else engine.begin(definition)
    at = max(at, before.at)
    words, public = _words(act), {k: v for k, v in act.data.items() if k != "words"}
    asked = Act(act.name, {**public, "words": words} if words else public)
    outcome = engine.step(definition, before, asked, by, at, calendars())
    inner: dict[str, Any] = {}
    if words:
        kept = keep_words(alarm.subject, f"{before.seq + 1}:{act.name}:words", words)
        public["words"], inner["words_id"] = kept.digest, kept.id
    after = outcome.snapshot
    stage = after.clocks.get("stage")
    row = chain.write(
        subject=alarm.subject, seq=after.seq, prev=bytes(alarm.head) if alarm.head else chain.GENESIS, kind=LOOP,
        what=act.name, by=by, at=at, recorded_at=real_now(), data=public, inner=inner, before=before.state,
        after=after.state, due=stage.due if stage else None,
    )  # fmt: skip
    ledger.append([row])
    slots = _work(alarm, before, after, at)
    alarm.definition, alarm.snapshot, alarm.slots = definition.digest, dump(after).decode(), slots
    alarm.head, alarm.state, alarm.seq, alarm.at = row.hash, after.state, after.seq, at
    alarm.save()


def _words(act: Act) -> str:
    words = act.data.get("words", "")
    if not isinstance(words, str):
        raise Refusal("cases.words", "{name} must be text.", field="words", name="words")
    return clean(words).strip()[:5_000]


def _work(alarm: Alarm, before: Snapshot, after: Snapshot, at: int) -> str:
    """Keep the worklist in step with what must be done about the alarm; give since when what was."""
    slots: dict[str, tuple[int, int]] = msgspec.json.decode(alarm.slots)
    was = {duty.slot: duty for duty in duties(present(), before)}
    now = {duty.slot: duty for duty in duties(present(), after)}
    rows = []
    for slot, duty in was.items():
        if slot not in now or now[slot].what != duty.what:
            seq, opened = slots.pop(slot)
            rows.append(_entry(alarm, duty, seq, opened, ended=at))
    for slot, duty in now.items():
        seq, opened = slots.setdefault(slot, (after.seq, at))
        rows.append(_entry(alarm, duty, seq, opened))
    worklist.write(rows)
    return msgspec.json.encode(slots).decode()


def _entry(alarm: Alarm, duty: Duty, seq: int, opened: int, ended: int | None = None) -> worklist.Entry:
    return worklist.entry(
        duty, loop=LOOP, subject_id=alarm.pk, opened_seq=seq, opened=opened, unit_code=alarm.unit_code,
        level=alarm.level, origin="live", worktime=calendars(), ended=ended,
    )  # fmt: skip


def worse(*, alarm: Alarm, watch: Watch, values: Sequence[float]) -> None:
    """Keep the newest reading and the one that lies furthest beyond, inside the caller's transaction."""
    if not values:
        return
    furthest = min if watch.alarm.condition in ("below", "falls") else max
    alarm.value = values[-1]
    alarm.worst = furthest(values if alarm.worst is None else [alarm.worst, *values])
    Alarm.objects.filter(pk=alarm.pk).update(value=alarm.value, worst=alarm.worst)


def standing(pairs: Mapping[str, set[str]]) -> dict[tuple[str, str], Alarm]:
    """Give the alarms that stand, by rule and what they are about. One query."""
    abouts = {about for some in pairs.values() for about in some}
    rows = Alarm.objects.filter(ended__isnull=True, rule__in=list(pairs), about__in=abouts)
    return {(row.rule, row.about): row for row in rows}
