"""A plate told to a city engineer: its parts as rows of words, in the language of the page."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, pgettext

from cityloop.doors.web.show import names
from cityloop.doors.web.show.plate_words import (
    ACCURACY,
    ALARMS,
    CONDITIONS,
    GEOMETRY,
    ITEMS,
    LEVELS,
    PERIODS,
    POPULATIONS,
    SHARING,
)
from cityloop.doors.web.show.times import limit
from cityloop.ground.kit.manifest import Manifest, Matter
from cityloop.ground.kit.measures import Indicator, Plan
from cityloop.ground.kit.offers import Dataset, ServiceItem
from cityloop.ground.kit.routing import Rule, Table
from cityloop.ground.kit.stories import Story
from cityloop.ground.kit.things import ComponentType, ObservedProperty
from cityloop.loops.sensing import saying

Called = Callable[[str], str]
# What a plate has, in the order a page shows it: its field of the manifest, an icon, its heading.
PARTS = (
    ("matters", "tag", gettext_noop("Matters")),
    ("organisations", "building-community", gettext_noop("Organisations")),
    ("components", "map-pin", gettext_noop("Components")),
    ("observed", "access-point", gettext_noop("What sensors measure")),
    ("services", "file-text", gettext_noop("Service items")),
    ("indicators", "chart-bar", gettext_noop("Indicators")),
    ("plans", "bell-ringing", gettext_noop("Emergency plans")),
    ("datasets", "database", gettext_noop("Datasets")),
)


def counted(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Say how many of each part there are, without parts that it has none of."""
    said = {
        "matters": ngettext("{n} matter", "{n} matters", counts["matters"]),
        "organisations": ngettext("{n} organisation", "{n} organisations", counts["organisations"]),
        "components": ngettext("{n} kind of component", "{n} kinds of components", counts["components"]),
        "observed": ngettext("{n} observed property", "{n} observed properties", counts["observed"]),
        "services": ngettext("{n} service item", "{n} service items", counts["services"]),
        "indicators": ngettext("{n} indicator", "{n} indicators", counts["indicators"]),
        "plans": ngettext("{n} emergency plan", "{n} emergency plans", counts["plans"]),
        "datasets": ngettext("{n} dataset", "{n} datasets", counts["datasets"]),
    }
    return [(icon, said[what].format(n=counts[what])) for what, icon, _title in PARTS if counts[what]]


def parts(counts: Mapping[str, int], stories: int) -> list[tuple[str, str, str]]:
    """Give the sections of a plate's page: where each stands, its icon and how much there is in it."""
    told = [(what, icon, f"{_(title)} {counts[what]}") for what, icon, title in PARTS if counts[what]]
    title = _("Stories")
    return [*told, ("stories", "message", f"{title} {stories}")] if stories else told


def told(plate: Manifest, stories: Iterable[Story], called: Called) -> dict[str, Any]:
    """Give all parts of a plate as a page prints them; `called` names an organisation by its key."""
    matters = {matter.code: names.words(matter.names) for matter in plate.matters}
    return {
        "matters_count": len(plate.matters),
        "groups": grouped(plate, called),
        "components": [component(one, plate, called, matters) for one in plate.components],
        "observed": [observed(one, matters) for one in plate.observed],
        "services": [service(one, called) for one in plate.services],
        "indicators": [indicator(one, plate, matters) for one in plate.indicators],
        "plans": [plan(one, called, matters) for one in plate.plans],
        "datasets": [dataset(one, called) for one in plate.datasets],
        "stories": [story(one, matters, called) for one in stories],
    }


def grouped(plate: Manifest, called: Called) -> list[tuple[str, list[dict[str, Any]]]]:
    """Give the matters by class, in order of their codes."""
    table, groups = Table(plate.rules()), dict[str, list[dict[str, Any]]]()
    for one in sorted(plate.matters, key=lambda matter: matter.code):
        groups.setdefault(names.words(one.class_names) or one.class_, []).append(_matter(one, table, called))
    return list(groups.items())


def _matter(one: Matter, table: Table, called: Called) -> dict[str, Any]:
    leads = table.route(one.code, "").why
    return {
        "code": one.code,
        "name": names.words(one.names),
        "filing": names.words(one.filing),
        "closing": names.words(one.closing),
        "limits": [(names.words(step.name), limit(step.limit)) for step in one.milestones],
        "urgent": one.urgent,
        "level": one.level,
        "lead": called(leads[0].lead) if leads else "",
    }


def component(one: ComponentType, plate: Manifest, called: Called, matters: Mapping[str, str]) -> dict[str, Any]:
    measured = {prop.key: names.words(prop.names) for prop in plate.observed}
    return {
        "name": names.words(one.names),
        "code": one.code,
        "responsible": called(one.responsible),
        "shape": f"{GEOMETRY[one.geometry]()} · {ACCURACY[one.accuracy]()}",
        "attributes": [" ".join(filter(None, (names.words(a.names), a.unit))) for a in one.attributes],
        "matters": names.listed(fitting(one.matters, matters)),
        "observes": names.listed(measured.get(key, key) for key in one.observes),
    }


def observed(one: ObservedProperty, matters: Mapping[str, str]) -> dict[str, Any]:
    unit = saying.unit(one.unit)
    return {
        "name": names.words(one.names),
        "unit": unit,
        "every": limit(one.every) if one.every else "",
        "alarms": [
            (names.words(a.names), saying.condition(a, one.unit), matters.get(a.matter, a.matter), ALARMS[a.severity]())
            for a in one.alarms
        ],
    }


def service(one: ServiceItem, called: Called) -> dict[str, Any]:
    return {
        "name": names.words(one.names),
        "about": names.words(one.about),
        "kind": ITEMS[one.kind](),
        "organisation": called(one.organisation),
        "limit": limit(one.limit),
        "form": [(names.words(q.names), q.required) for q in one.form],
        "documents": [(names.words(d.names), d.required, bool(d.dataset)) for d in one.documents],
        "result": names.words(one.result),
    }


def indicator(one: Indicator, plate: Manifest, matters: Mapping[str, str]) -> dict[str, Any]:
    """Give an indicator as a formula in words: what is counted, of which, over what."""
    parts = {part.key: names.words(part.names) for part in plate.observed}
    parts |= {part.key: names.words(part.names) for part in plate.services}
    parts |= {kind.code: names.words(kind.names) for kind in plate.components}
    over = [*fitting(one.population.matters, matters), *(parts.get(key, key) for key in one.population.keys)]
    return {
        "name": names.words(one.names),
        "about": names.words(one.about),
        "of": POPULATIONS[one.population.of](),
        "over": names.listed(over),
        "top": _all(one.numerator),
        "bottom": _all(one.denominator) if one.denominator else pgettext("indicator", "all"),
        "percent": one.unit == "percent",
        "high": one.good == "high",
        "period": PERIODS[one.period](),
    }


def _all(conditions: tuple[str, ...]) -> str:
    return names.listed(CONDITIONS[condition]() for condition in conditions)


def plan(one: Plan, called: Called, matters: Mapping[str, str]) -> dict[str, Any]:
    tasks = {task.key: names.words(task.names) for task in one.tasks}
    return {
        "name": names.words(one.names),
        "matters": names.listed(fitting(one.matters, matters)),
        "grades": [(g.grade, names.words(g.names), names.words(g.when)) for g in one.grades],
        "tasks": [
            {
                "name": names.words(task.names),
                "who": called(task.organisation),
                "within": limit(task.within),
                "grade": task.grade,
                "after": names.listed(tasks[key] for key in task.after),
            }
            for task in one.tasks
        ],
    }  # fmt: skip


def dataset(one: Dataset, called: Called) -> dict[str, Any]:
    return {
        "name": names.words(one.names),
        "about": names.words(one.about),
        "organisation": called(one.organisation),
        "level": one.level,
        "level_name": LEVELS[one.level](),
        "sharing": SHARING[one.sharing](),
        "every": limit(one.every) if one.every else "",
        "fields": [(names.words(field.names), field.personal) for field in one.fields],
    }


def story(one: Story, matters: Mapping[str, str], called: Called) -> dict[str, Any]:
    return {
        "report": one.report,
        "lang": "zh-Hans" if one.lang == "zh-hans" else one.lang,
        "matter": matters.get(one.matter, one.matter),
        "organisation": called(one.organisation),
    }


def fitting(patterns: Iterable[str], matters: Mapping[str, str]) -> list[str]:
    """Name the matters that patterns stand for; a pattern for all of them says so."""
    found = list(patterns)
    if "*" in found:
        return [_("all matters")]
    return [name for code, name in matters.items() if any(Rule(p, "", "").matches(code, "") for p in found)]
