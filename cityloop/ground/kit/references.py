"""Does everything that a plate names exist: organisations, matters, classes, roles, actions, stages."""

from collections.abc import Iterable, Iterator

from cityloop.ground.kit.basics import LANGUAGES
from cityloop.ground.kit.manifest import Organisation
from cityloop.ground.kit.plate import Plate, Problem
from cityloop.ground.kit.routing import Rule, Table
from cityloop.ground.loop.definition import Definition


class _Names:
    """What may be named, by what it is."""

    def __init__(self, plate: Plate, loop: Definition) -> None:
        made = plate.manifest
        self.plate = plate
        self.known: dict[str, set[str]] = {
            "organisation": {one.key for one in made.organisations},
            "matter": {one.code for one in made.matters},
            "component": {one.code for one in made.components},
            "observed": {one.key for one in made.observed},
            "dataset": {one.key for one in made.datasets},
            "service": {one.key for one in made.services},
            "rule": {one.name for one in made.rule_functions if one.kind == "alarm"},
            "class": {f"{one.kind} {one.code}" for one in made.classes},
            "role": set(loop.roles),
            "action": {name for _state, name in loop.table},
            "state": set(loop.states),
            "stage": {name for name, state in loop.states.items() if state.optional},
        }

    def one(self, what: str, name: str | None, *loc: str | int) -> Iterator[Problem]:
        """A name that must be known, where there is one."""
        if name is not None and name not in self.known[what]:
            yield self.plate.problem(f"reference.{what}", f"there is no {what} {name}", *loc)

    def many(self, what: str, names: Iterable[str], *loc: str | int) -> Iterator[Problem]:
        """Several names that must be known."""
        for number, name in enumerate(names):
            yield from self.one(what, name, *loc, number)

    def patterns(self, patterns: Iterable[str], *loc: str | int) -> Iterator[Problem]:
        """Patterns, each of which must fit a matter."""
        for number, pattern in enumerate(patterns):
            if not any(Rule(pattern, "", "").matches(code, "") for code in self.known["matter"]):
                message = f"the pattern {pattern} fits none of this plate's matters"
                yield self.plate.problem("reference.pattern", message, *loc, number)


def check(plate: Plate, loop: Definition) -> Iterator[Problem]:
    """Name each reference that leads nowhere, and each matter that nobody answers for."""
    names = _Names(plate, loop)
    yield from _town(plate, names)
    yield from _matters(plate, names)
    yield from _things(plate, names)
    yield from _offers(plate, names)


def _town(plate: Plate, names: _Names) -> Iterator[Problem]:
    made = plate.manifest
    for number, organisation in enumerate(made.organisations):
        yield from names.one("organisation", organisation.parent, "organisations", number, "parent")
        if _above_itself(organisation, made.organisations):
            message = f"{organisation.key} stands above itself"
            yield plate.problem("reference.parent", message, "organisations", number, "parent")
    for number, line in enumerate(made.responsibility):
        yield from names.one("organisation", line.lead, "responsibility", number, "lead")
        for place, helper in enumerate(line.assisting):
            loc = ("responsibility", number, "assisting", place, "organisation")
            yield from names.one("organisation", helper.organisation, *loc)
    for number, role in enumerate(made.roles):
        yield from names.one("role", role.role, "roles", number, "role")
        yield from names.one("organisation", role.organisation, "roles", number, "organisation")
    for number, reply in enumerate(made.replies):
        yield from names.many("action", reply.for_, "replies", number, "for")
        yield from names.many("state", reply.states, "replies", number, "states")
        yield from names.patterns(reply.matters, "replies", number, "matters")


def _above_itself(organisation: Organisation, all_: tuple[Organisation, ...]) -> bool:
    parents, above = {one.key: one.parent for one in all_}, organisation.parent
    for _ in parents:
        if above == organisation.key:
            return True
        above = parents.get(above) if above else None
    return False


def _matters(plate: Plate, names: _Names) -> Iterator[Problem]:
    table = Table(plate.manifest.rules())
    for number, matter in enumerate(plate.manifest.matters):
        for lang in matter.keywords.keys() - set(LANGUAGES):
            message = f"there is no language {lang}; there are {' and '.join(LANGUAGES)}"
            yield plate.problem("reference.language", message, "matters", number, "keywords", lang)
        yield from names.one("class", f"{matter.kind} {matter.class_}", "matters", number, "class")
        yield from names.many("stage", matter.stages, "matters", number, "stages")
        if not table.of_matter(matter.code):
            message = f"nobody answers for {matter.code}"
            yield plate.problem("reference.responsibility", message, "matters", number, "code")


def _things(plate: Plate, names: _Names) -> Iterator[Problem]:
    made = plate.manifest
    observed = {key for component in made.components for key in component.observes}
    numbered: dict[tuple[str, str], str] = {}
    for number, component in enumerate(made.components):
        loc = ("components", number)
        other = numbered.setdefault((component.class_, component.subclass), component.code)
        if other != component.code:
            message = (
                f"{other} has class {component.class_} and subclass {component.subclass} too; codes are made of them"
            )
            yield plate.problem("reference.numbers", message, *loc, "subclass")
        yield from names.one("class", f"component {component.class_}", *loc, "class")
        yield from names.one("organisation", component.responsible, *loc, "responsible")
        yield from names.patterns(component.matters, *loc, "matters")
        yield from names.many("observed", component.observes, *loc, "observes")
    for number, measured in enumerate(made.observed):
        if measured.key not in observed:
            yield plate.problem("reference.observed", "nothing measures this", "observed", number, "key")
        for place, alarm in enumerate(measured.alarms):
            yield from names.one("matter", alarm.matter, "observed", number, "alarms", place, "matter")
            yield from names.one("rule", alarm.rule, "observed", number, "alarms", place, "rule")


def _offers(plate: Plate, names: _Names) -> Iterator[Problem]:
    made = plate.manifest
    for number, service in enumerate(made.services):
        yield from names.one("organisation", service.organisation, "services", number, "organisation")
        for place, document in enumerate(service.documents):
            yield from names.one("dataset", document.dataset, "services", number, "documents", place, "dataset")
    for number, dataset in enumerate(made.datasets):
        yield from names.one("organisation", dataset.organisation, "datasets", number, "organisation")
    for number, plan in enumerate(made.plans):
        yield from names.patterns(plan.matters, "plans", number, "matters")
        for place, task in enumerate(plan.tasks):
            yield from names.one("organisation", task.organisation, "plans", number, "tasks", place, "organisation")
    for number, indicator in enumerate(made.indicators):
        loc, over = ("indicators", number, "population"), indicator.population
        yield from names.patterns(over.matters, *loc, "matters")
        kinds = {"applications": "service", "components": "component", "observations": "observed"}
        if over.of in kinds:
            yield from names.many(kinds[over.of], over.keys, *loc, "keys")
