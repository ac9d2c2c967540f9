"""What instruments measure and what their alarms mean, in words of the language that is spoken."""

from typing import Any

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from cityloop.ground.kit.things import Alarm as Rule
from cityloop.ground.kit.words import say
from cityloop.town.calendar.saying import limit, to_the_minute
from cityloop.town.units.queries import city

# How people write units of UCUM.
WRITTEN = {
    "Cel": "°C", "[NTU]": "NTU", "{NTU}": "NTU", "ug/m3": "µg/m³", "mg/m3": "mg/m³", "m3": "m³", "dB[SPL]": "dB",
    "[pH]": "pH", "[ppm]": "ppm", "%[LEL]": "% LEL", "deg": "°", "1": "", "{persons}/m2": "/m²", "m2": "m²",
}  # fmt: skip
_BRACES = str.maketrans("", "", "{}")


def unit(ucum: str) -> str:
    """Give a unit of UCUM as people write it; what is counted, {vehicles}/h, without the braces."""
    return WRITTEN.get(ucum, ucum.translate(_BRACES))


def value(number: float | None, ucum: str) -> str:
    """Give a reading with its unit; a dash where there is no number."""
    return "–" if number is None else f"{number:.4g} {unit(ucum)}".strip()


def condition(rule: Rule, ucum: str) -> str:
    """Say when an alarm is raised."""
    said = _what(rule, unit(ucum))
    if rule.times is not None:
        said = _("{what}, {n} times within {time}").format(what=said, n=rule.times, time=limit(rule.within or ""))
    if rule.hold:
        said = _("{what} for {time}").format(what=said, time=limit(rule.hold))
    return _("{what}, at {n} places of a unit").format(what=said, n=rule.agree) if rule.agree else said


def _what(rule: Rule, written: str) -> str:
    if rule.silent is not None:
        return _("nothing came for {time}").format(time=limit(rule.silent))
    if rule.rule is not None:
        return _("the rule {name} of the plate says so").format(name=rule.rule)
    if rule.unusual is not None:
        return _("{n:g} times the usual spread away from what is normal at this hour of the week").format(
            n=rule.unusual
        )
    if rule.fence is not None:
        return _("inside the area it must not enter") if rule.fence == "inside" else _("outside the area it belongs to")
    if rule.rises is not None or rule.falls is not None:
        words = _("rises by {value} within {time}") if rule.rises is not None else _("falls by {value} within {time}")
        by = rule.rises if rule.rises is not None else rule.falls
        return words.format(value=f"{by:g} {written}".strip(), time=limit(rule.within or ""))
    number, words = (rule.above, _("above {value}")) if rule.above is not None else (rule.below, _("below {value}"))
    return words.format(value=f"{number:g} {written}".strip())


def in_city_language(alarm: Any, watch: Any, over: int = 0) -> str:
    """Say what an alarm says, as a case keeps it: in the city's own language."""
    with override((city().languages or ["en"])[0]):
        return of_alarm(alarm, watch, over)


def of_alarm(alarm: Any, watch: Any, over: int = 0) -> str:
    """Say what an alarm says: what it is, where, the reading, since when; with `over` since when it is not so."""
    what = say(watch.alarm.names, get_language() or "en") if watch else alarm.rule
    read = value(alarm.value, watch.observed.unit if watch else "1")
    where = alarm.place or alarm.unit_code
    if over:
        return _("{what}, {where}: back to normal since {since}; the reading is {value}.").format(
            what=what, where=where, since=to_the_minute(over), value=read
        )
    if alarm.value is None:
        return _("{what}, {where}: since {since}.").format(what=what, where=where, since=to_the_minute(alarm.since))
    return _("{what}, {where}: {value}, so since {since}.").format(
        what=what, where=where, since=to_the_minute(alarm.since), value=read
    )
