"""Why an instrument is doubted though it speaks, as a page tells it: a sentence, and how it went away from others."""

from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from cityloop.doors.web.show import names
from cityloop.doors.web.show.chart import Chart, chart
from cityloop.doors.web.show.times import DAY, local
from cityloop.loops.sensing import instruments, saying, watches
from cityloop.town.units.queries import city, scheme

CHARTS = 12  # as many have a picture; the others say it in words


@dataclass(frozen=True, slots=True)
class Doubted:
    """A doubt as printed."""

    thing: int
    stream: int
    place: str
    measures: str
    kind: str
    says: str
    chart: Chart | None


def shown(found: list[Any], now: int) -> list[Doubted]:
    """Give doubts as printed. One query, for the names of units."""
    places = names.places({one.unit_code for one in found if one.unit_code}, last=1)
    return [_shown(one, places, now, drawn=number < CHARTS) for number, one in enumerate(found)]


def _shown(one: Any, places: dict[str, str], now: int, *, drawn: bool) -> Doubted:
    stream = one.datastream
    unit = saying.unit(str((stream.unit or {}).get("symbol") or ""))
    known = watches.watches().get(instruments.named(stream.observed_property), ())
    return Doubted(
        thing=stream.thing_id,
        stream=stream.pk,
        place=stream.thing.name,
        measures=names.words(known[0].observed.names) if known else str(stream.observed_property.name),
        kind=one.kind,
        says=_says(one, unit, places, now),
        chart=_chart(one, unit, now) if drawn else None,
    )


def _says(one: Any, unit: str, places: dict[str, str], now: int) -> str:
    if one.kind == instruments.STANDS_STILL:
        return _("Its last {n} readings are alike to the last digit.").format(n=instruments.STUCK)
    whole = scheme().level_of(one.unit_code) == 0
    where = names.words(city().names) if whole else places.get(one.unit_code, one.unit_code)
    by = _signed(one.by, unit)
    if one.kind == instruments.JUMPED:
        words = _("On {day} it went away from the middle of {n} others in {where} by {by} at once, and stayed there.")
        return words.format(day=_date(one.since), n=one.peers, where=where, by=by)
    return _("It goes away from the middle of {n} others in {where} bit by bit: {by} in {days} days.").format(
        n=one.peers, where=where, by=by, days=len(one.away)
    )


def _signed(by: float, unit: str) -> str:
    return f"{by:+.3g} {unit}".strip().replace("-", "−")  # noqa: RUF001 - the sign of a number


def _date(at: int) -> str:
    here = local(at)
    return f"{here.month}-{here.day}"


def _chart(one: Any, unit: str, now: int) -> Chart | None:
    if len(one.away) < 2:
        return None
    times, values = [at for at, _by in one.away], [by for _at, by in one.away]
    line = chart(
        times, values, since=times[0] - DAY // 4, until=times[-1] + DAY // 4, now=now, unit=unit,
        limits=[(0.0, _("as the others"))],
    )  # fmt: skip
    says = _("Away from the others, in {unit}, day by day: {first} on {since}, {last} on {until}.").format(
        unit=unit or "1", first=_signed(values[0], ""), since=_date(times[0]), last=_signed(values[-1], ""),
        until=_date(times[-1]),
    )  # fmt: skip
    return replace(line, summary=says) if line else None
