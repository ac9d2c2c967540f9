"""The fields of an offer as inputs: what each is called, how it is asked, what it begins with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from cityloop.doors.web.show import names
from cityloop.doors.web.show.times import duration, local
from cityloop.ground.kit.words import natural
from cityloop.ground.loop.actor import Actor, belongs
from cityloop.ground.loop.definition import Definition, either_of
from cityloop.ground.loop.snapshot import Part, Snapshot
from cityloop.loops.cases import choices as fitting
from cityloop.loops.cases.actions.prepare import organisations
from cityloop.loops.cases.telling import REASONS, RESOLUTIONS
from cityloop.town.catalog import queries as catalog
from cityloop.town.catalog.compiled import Responsible
from cityloop.town.units import queries as units

Option = tuple[str, str, bool]


@dataclass(slots=True)
class Input:
    """One input: `kind` chooses how it is drawn; `options` are (value, words, chosen)."""

    name: str
    kind: str
    label: str
    required: bool = False
    value: str = ""
    hint: str = ""
    error: str = ""
    options: list[Option] = field(default_factory=list)
    rows: list["Input"] = field(default_factory=list)
    # Words ready to be taken up into the text, their language by its name; `each`: blanks are filled case by case.
    replies: list[Any] = field(default_factory=list)
    spoken_words: str = ""
    each: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """What inputs are asked about: the case's loop state, who acts, and the time."""

    definition: Definition
    snapshot: Snapshot
    actor: Actor
    action: str
    unit: str
    place: str
    now: int
    typed: Any = None

    def given(self, name: str, otherwise: str = "") -> str:
        """Give what was typed before an error, else what the field begins with."""
        return str(self.typed.get(name, "")) if self.typed is not None else otherwise

    def chosen(self, name: str, otherwise: list[str]) -> list[str]:
        """Give what was chosen before an error, else what is proposed."""
        return list(self.typed.getlist(name)) if self.typed is not None else otherwise


def inputs(about: About, fields: dict[str, Any], request: int) -> list[Input]:
    """Give the inputs of an offer in the order of its fields."""
    found = [_input(about, name, spec) for name, spec in fields.items() if spec["type"] != "request"]
    if request:
        found.append(Input("request", "hidden", "", value=str(request)))
    return [one for one in found if one.kind]


def _input(about: About, name: str, spec: dict[str, Any]) -> Input:
    made = Input(name, spec["type"], label(name, spec), bool(spec.get("required")), about.given(name))
    MAKE.get(spec["type"], _plain)(about, made, spec)
    if not made.required:
        made.hint = made.hint or (
            _("words or a photo")
            if name in either_of(about.definition, about.snapshot.state, about.action)
            else _("optional")
        )
    return made


def label(name: str, spec: dict[str, Any]) -> str:
    """Give what a field is called: the loop's own words, else ours."""
    return names.words(spec.get("names")) or str(_labels().get(name, name.replace("_", " ")))


def _labels() -> dict[str, str]:
    return {
        "words": _("Words"), "question": _("Question"), "reason": _("Reason"), "resolution": _("Result"),
        "into": _("Number of the main case"), "matter": _("Matter"), "unit": _("Unit"), "parts": _("Who handles it"),
        "part": _("Part"), "person": _("Person"), "inspector": _("Inspector"), "organisation": _("Organisation"),
        "photos": _("Photos"), "materials": _("Materials used"), "place": _("Where you are"),
        "milestone": _("Milestone"), "children": _("Into these cases"), "authority": _("Authority outside"),
        "until": _("Until"), "by": _("For how long"), "answer": _("Decision"), "satisfied": _("Are you satisfied?"),
        "definition": _("Loop definition"), "catalogue": _("Catalogue"),
    }  # fmt: skip


# --- one maker for each type ----------------------------------------------------------------------


def _plain(about: About, made: Input, spec: dict[str, Any]) -> None:
    made.kind = "words" if made.name == "words" else "text"


def _words(about: About, made: Input, spec: dict[str, Any]) -> None:
    made.kind = "words"


def _choice(about: About, made: Input, spec: dict[str, Any]) -> None:
    said = {
        "granted": _("Grant"), "refused": _("Refuse"), "answered": _("Answered"),
        "yes": _("Yes"), "no": _("No"),
    }  # fmt: skip
    known = {**REASONS, **RESOLUTIONS}
    begin = made.value or (about.snapshot.proposed or "solved" if made.name == "resolution" else "")
    choices = spec.get("choices", [])
    if len(choices) == 1:
        made.kind, made.value = "hidden", choices[0]
        return
    made.kind = "buttons" if made.name in ("answer", "satisfied") else "radio" if len(choices) < 4 else "select"
    made.options = [(c, said.get(c) or names.words(known.get(c, c)), c == begin) for c in choices]


def _matter(about: About, made: Input, spec: dict[str, Any]) -> None:
    made.kind, begin = "select", made.value or about.snapshot.matter
    made.options = matters(begin)


def matters(begin: str) -> list[Option]:
    """List all matters of the catalogue by name, one chosen."""
    listed = sorted((names.words(e.names), e.code) for e in catalog.current().matters.values())
    return [(code, name, code == begin) for name, code in listed]


def _unit(about: About, made: Input, spec: dict[str, Any]) -> None:
    made.kind = "text"
    made.value = made.value or about.snapshot.unit or about.unit
    made.hint = about.place


def _case(about: About, made: Input, spec: dict[str, Any]) -> None:
    made.kind, made.hint = "text", _("such as {number}").format(number=f"{units.city().case_prefix}-2026-000123")


def _organisation(about: About, made: Input, spec: dict[str, Any]) -> None:
    made.kind = "select"
    made.options = [(key, name, key == made.value) for key, name in _open_organisations()]


def _open_organisations() -> list[tuple[str, str]]:
    refs = {ref.id: ref for ref in organisations().values() if ref.active and ref.actor_path}
    return sorted(((ref.key, names.words(ref.names)) for ref in refs.values()), key=lambda pair: pair[1])


def _parts(about: About, made: Input, spec: dict[str, Any]) -> None:
    """Ask for the lead and who assists, beginning with what the catalogue proposes and why."""
    version = catalog.catalog(about.snapshot.catalogue) if about.snapshot.catalogue else catalog.current()
    answer = version.route(about.snapshot.matter, about.snapshot.unit)
    lead = about.given("lead", answer.lead.key if answer.lead else "")
    helpers = about.chosen("assist", [h.org.key for h in answer.assisting])
    known = _open_organisations()
    why = proposed(answer, about.snapshot)
    made.rows = [
        Input("lead", "select", _("Leads"), True, hint=why, options=[(k, n, k == lead) for k, n in known]),
        Input("assist", "checks", _("Assists"), options=[(k, n, k in helpers) for k, n in known]),
    ]


def proposed(answer: Responsible, snapshot: Snapshot) -> str:
    """Say why the catalogue proposes who leads: by which of its lines, in the visitor's words."""
    passed = (
        _("Closed or unknown: {names}.").format(names=names.listed(answer.passed_over)) if answer.passed_over else ""
    )
    return f"{_by_line(answer, snapshot)} {passed}".strip()


def _by_line(answer: Responsible, snapshot: Snapshot) -> str:
    rule = answer.won
    if rule is None or answer.lead is None:
        return _("The catalogue names nobody for this here: choose who leads.")
    said = {
        "organisation": names.words(answer.lead.names),
        "matter": _("matters of this kind") if rule.matter.endswith("*") else names.matter(snapshot.matter),
    }
    if not rule.unit:
        return _("The catalogue names {organisation} for {matter} in the whole city.").format(**said)
    unit = names.places([rule.unit], last=1).get(rule.unit, rule.unit)
    return _("The catalogue names {organisation} for {matter} in {unit}.").format(unit=unit, **said)


def _part(about: About, made: Input, spec: dict[str, Any]) -> None:
    found = fitting.parts(about.snapshot, about.actor, about.action)
    made.options = [(str(p.id), part_name(p), str(p.id) == made.value) for p in found]
    made.kind = "select"
    if len(found) == 1:
        made.kind, made.value = "hidden", str(found[0].id)
    elif not found:
        made.kind = ""


def part_name(part: Part) -> str:
    """Name a part: its organisation, and what it is to do."""
    name = names.organisation(part.org)
    return _("{organisation}: {task}").format(organisation=name, task=part.task) if part.task else name


def _part_list(about: About, made: Input, spec: dict[str, Any]) -> None:
    begin = about.chosen(made.name, [])
    found = fitting.done_parts(about.snapshot)
    made.options = [(str(p.id), part_name(p), str(p.id) in begin) for p in found]
    made.kind, made.hint = "checks" if len(found) > 1 else "", _("none chosen: all of them")


def _person(about: About, made: Input, spec: dict[str, Any]) -> None:
    """Offer who may take it."""
    found = fitting.people(about.definition, about.snapshot, about.actor, made.name, about.unit, about.now)
    made.kind = "select" if found else ""
    made.options = [(str(c.person), c.username, str(c.person) == made.value) for c in found]


def _instant(about: About, made: Input, spec: dict[str, Any]) -> None:
    made.kind, made.hint = "instant", _("in the city's time")
    made.rows = [Input("", "min", "", value=local(about.now).strftime("%Y-%m-%dT%H:%M"))]


def _limit(about: About, made: Input, spec: dict[str, Any]) -> None:
    made.kind = "limit"
    amount, unit = about.given(made.name), about.given(f"{made.name}_unit", "wh")
    mine = next((p for p in about.snapshot.parts if belongs(about.actor, p.org, p.org_path)), None)
    made.value = amount
    made.hint = (
        _("empty: as long again, {time}").format(time=duration(mine.original, days=mine.clock.running == "always"))
        if mine
        else ""
    )
    said = {"uh": _("hours"), "wh": _("working hours"), "wd": _("working days"), "d": _("days")}
    made.rows = [
        Input(f"{made.name}_unit", "select", _("Unit of time"), options=[(u, w, u == unit) for u, w in said.items()])
    ]


def _milestone(about: About, made: Input, spec: dict[str, Any]) -> None:
    open_ = fitting.milestones(about.snapshot)
    made.kind = "select" if len(open_) > 1 else "hidden"
    made.value = made.value or (open_[0] if open_ else "")
    made.options = [(k, milestone(about.snapshot, k), k == made.value) for k in open_]


def milestone(snapshot: Snapshot, key: str) -> str:
    """Name a milestone by the words of the catalogue version the case was filed under."""
    steps = catalog.catalog(snapshot.catalogue).matter(snapshot.matter).milestones if snapshot.catalogue else ()
    number = natural(key) or 0
    return names.words(steps[number - 1].names) if 0 < number <= len(steps) else key


def _children(about: About, made: Input, spec: dict[str, Any]) -> None:
    chosen = about.chosen("child", [])
    made.kind, made.hint = "children", _("two or more")
    made.rows = [
        Input("child", "select", _("Matter {n}").format(n=n + 1), options=matters(chosen[n] if n < len(chosen) else ""))
        for n in range(4)
    ]


def _place(about: About, made: Input, spec: dict[str, Any]) -> None:
    made.kind = "place"
    made.rows = [Input(f"place_{axis}", "text", axis, value=about.given(f"place_{axis}")) for axis in ("lon", "lat")]


def _photos(about: About, made: Input, spec: dict[str, Any]) -> None:
    made.kind, made.hint = "photos", _("JPEG, PNG or WebP, at most 20 MB each")


def _nothing(about: About, made: Input, spec: dict[str, Any]) -> None:
    made.kind = ""


MAKE: dict[str, Callable[[About, Input, dict[str, Any]], None]] = {
    "words": _words, "choice": _choice, "matter": _matter, "unit": _unit, "case": _case, "organisation": _organisation,
    "parts": _parts, "part": _part, "part_list": _part_list, "person": _person, "instant": _instant, "limit": _limit,
    "milestone": _milestone, "children": _children, "place": _place, "photos": _photos, "request": _nothing,
}  # fmt: skip
