"""A matter as its form holds it, and as it is read: what was published, typed, or published by another meanwhile."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from cityloop.doors.web.show import names
from cityloop.town.catalog.compiled import Entry

ENDS = (("en", "en"), ("zh", "zh-hans"))


def of(entry: Entry) -> dict[str, str]:
    """Give what is published of a matter, by the fields of its form."""
    said = {"names": entry.names, "filing": entry.filing, "closing": entry.closing}
    return {
        **{f"{key}_{end}": words.get(lang, "") for key, words in said.items() for end, lang in ENDS},
        **{f"amount{n}": str(step.limit.amount) for n, step in enumerate(entry.milestones)},
        **{f"measure{n}": step.limit.unit for n, step in enumerate(entry.milestones)},
        "urgent": "yes" if entry.urgent else "no",
        "level": str(entry.level),
        "public_place": entry.public_place,
    }


def merged(was: Mapping[str, str], theirs: Mapping[str, str], mine: Mapping[str, str]) -> dict[str, str]:
    """Give of each field what I made of it; what I left as it was, as another has made it meanwhile."""
    return {name: mine[name] if mine.get(name, said) != was.get(name, said) else said for name, said in theirs.items()}


def read(form: Mapping[str, str], entry: Entry) -> dict[str, str]:
    """Give what a form holds as people read it, by the names of its fields."""
    languages = dict(zip((end for end, _lang in ENDS), (_("English"), _("Chinese")), strict=True))
    urgent = {"yes": _("Yes"), "no": _("No")}
    return {
        **{
            f"{label} · {languages[end]}": form.get(f"{key}_{end}", "")
            for key, label in words().items()
            for end, _lang in ENDS
        },
        **{f"{_('Limits')} · {names.words(step.names)}": _limit(form, n) for n, step in enumerate(entry.milestones)},
        _("Urgent"): urgent.get(form.get("urgent", ""), ""),
        _("Confidentiality"): form.get("level", ""),
        _("Its place is public"): places().get(form.get("public_place", ""), ""),
    }


def _limit(form: Mapping[str, str], n: int) -> str:
    unit = form.get(f"measure{n}", "")
    return f"{form.get(f'amount{n}', '')} {measures().get(unit, unit)}".strip()


def words() -> dict[str, str]:
    """Name the fields that hold words in both languages."""
    return {"names": _("Name"), "filing": _("Filed when"), "closing": _("Closed when")}


def measures() -> dict[str, str]:
    """Name the units of limits."""
    return {
        "um": _("minutes, also at night"),
        "uh": _("hours, also at night"),
        "wh": _("working hours"),
        "wd": _("working days"),
        "d": _("days"),
    }


def places() -> dict[str, str]:
    """Name how exactly a place may be told."""
    return {
        "exact": _("exactly"),
        "street": _("to the street"),
        "unit": _("to the unit"),
        "none": _("not at all"),
    }
