"""Which rules watch what: the alarms of the plates that are on, ready to be asked; and the datastreams they fit."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from cityloop.ground.kit import purity, shelf
from cityloop.ground.kit.manifest import Manifest
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.things import Alarm, ObservedProperty
from cityloop.ground.worktime import parse_limit
from cityloop.ground.worktime.limits import micros
from cityloop.loops.sensing.rules import measures
from cityloop.town.catalog import queries as catalog
from cityloop.town.tabular.keyed import one_of

log = logging.getLogger(__name__)
DAY = 86_400_000_000
NAMED = "urn:cityloop:observed:"  # before plate/key, as the definition of an observed property
GAPS = 3  # times a value should have come: then nobody knows what was meanwhile


class Watch(NamedTuple):
    """An alarm of a plate that is on. Times in microseconds; `function` is one of the plate's `rules.py`.

    `asleep` says why it cannot be asked, "" where it can.
    """

    rule: str
    alarm: Alarm
    observed: ObservedProperty
    level: int
    hold: int
    within: int
    silent: int
    gap: int
    function: Callable[[Sequence[Any]], bool] | None = None
    asleep: str = ""

    @property
    def looks_back(self) -> int:
        """How far before a reading one must look to judge it; 0 where it stands for itself."""
        return self.within if self.alarm.condition in ("rises", "falls", "rule") or self.alarm.times else 0

    @property
    def lasts(self) -> int:
        """How long what a reading said is taken to be so, where nothing more is heard."""
        return self.gap or DAY

    @property
    def by(self) -> float:
        """By how much readings must rise, or fall."""
        return float(self.alarm.rises if self.alarm.rises is not None else self.alarm.falls or 0)


class Bound(NamedTuple):
    """A datastream with what a rule asks of it. `observed` is `plate/key`, "" where no plate knows what it measures."""

    datastream: int
    name: str
    observed: str
    unit: str
    thing: int
    place: str
    unit_code: str
    fence: Any = None


def watches() -> Mapping[str, tuple[Watch, ...]]:
    """Give the alarms of what each plate that is on observes, by `plate/key`. No query within a second of the last."""
    return _watches(catalog.current().digest) if catalog.has_any() else {}


def watch(rule: str) -> Watch | None:
    """Give one alarm by its name, `plate/key/alarm`, as it is in force now."""
    return next((one for one in watches().get(rule.rpartition("/")[0], ()) if one.rule == rule), None)


@lru_cache(maxsize=8)
def _watches(digest: str) -> dict[str, tuple[Watch, ...]]:
    found: dict[str, tuple[Watch, ...]] = {}
    for plate in catalog.content_of(digest).plates:
        levels, known, asleep = {m.code: m.level for m in plate.matters}, *_functions(plate)
        for observed in plate.observed:
            key = f"{plate.key}/{observed.key}"
            found[key] = tuple(_watch(key, alarm, observed, levels, known, asleep) for alarm in observed.alarms)
    return found


def _watch(
    key: str, alarm: Alarm, observed: ObservedProperty, levels: Mapping[str, int],
    known: Mapping[str, purity.Rule], asleep: str,
) -> Watch:  # fmt: skip
    every = span(observed.every)
    function = _reading(known[alarm.rule]) if alarm.rule and alarm.rule in known else None
    why = asleep or "missing" if alarm.rule and function is None else ""
    within = span(alarm.within) or (DAY if alarm.rule else 0)
    return Watch(
        f"{key}/{alarm.key}", alarm, observed, levels.get(alarm.matter, 0), span(alarm.hold), within,
        span(alarm.silent), GAPS * every, function, why,
    )  # fmt: skip


def _reading(rule: purity.Rule) -> Callable[[Sequence[Any]], bool]:
    return lambda readings: bool(rule([purity.Reading(*one) for one in readings]))


def _functions(plate: Manifest) -> tuple[dict[str, purity.Rule], str]:
    """Give what a plate's `rules.py` can say, and why it cannot: it is not there, or is of another version."""
    if not plate.rule_functions:
        return {}, ""
    try:
        there = shelf.take(plate.key)
        if there.manifest.version != plate.version:
            return {}, "version"
        return purity.functions(there), ""
    except Refusal as refusal:
        log.warning("the rules of plate %s cannot be asked: %s", plate.key, refusal)
        return {}, "missing"


def span(limit: str | None) -> int:
    """Give a limit in microseconds, 0 where there is none."""
    return micros(parse_limit(limit), DAY) if limit else 0


def bound_of(ids: Iterable[int]) -> dict[int, Bound]:
    """Give datastreams with what rules ask of them. One query."""
    some, wanted = one_of(sorted(set(ids)))
    with connection.cursor() as cursor:
        cursor.execute(f"{_BOUND} WHERE d.id {some}", [wanted])
        return {row[0]: _bound(row) for row in cursor.fetchall()}


def bound_to(observed: str, unit: str = "") -> list[Bound]:
    """Give the datastreams that measure what a plate observes. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.id FROM sensing_datastream d JOIN sensing_observedproperty p ON p.id = d.observed_property_id"
            f" JOIN sensing_thing t ON t.id = d.thing_id WHERE {OBSERVED} = %s AND t.unit_code LIKE %s ORDER BY d.id",
            [observed, f"{unit}%"],
        )
        ids = [row[0] for row in cursor.fetchall()]
    return list(bound_of(ids).values()) if ids else []


OBSERVED = (
    "COALESCE(p.properties ->> 'observed', CASE WHEN p.definition LIKE 'urn:cityloop:observed:%%'"
    f" THEN substr(p.definition, {len(NAMED) + 1}) ELSE '' END)"
)
_BOUND = (
    f"SELECT d.id, d.name, {OBSERVED}, d.unit ->> 'symbol', t.id, t.name, t.unit_code, t.properties -> 'fence'"
    " FROM sensing_datastream d JOIN sensing_observedproperty p ON p.id = d.observed_property_id"
    " JOIN sensing_thing t ON t.id = d.thing_id"
)


def _bound(row: Sequence[Any]) -> Bound:
    fence = msgspec.json.decode(row[7]) if isinstance(row[7], str) else row[7]
    return Bound(row[0], row[1], row[2] or "", row[3] or "", row[4], row[5], row[6], fence)


def fitting(bound: Bound, known: Mapping[str, tuple[Watch, ...]]) -> tuple[Watch, ...]:
    """Give the rules that may judge a datastream: none where it measures in another unit than the plate."""
    found = known.get(bound.observed, ())
    return found if found and measures.same(bound.unit, found[0].observed.unit) else ()
