"""Pure: where does the city lack people? Grouped, so that a city of a million units is checked in a second.

Two units are alike when no post and no responsibility rule tells them apart, two matters when they have the
same confidentiality and the same lead organisation; each distinct combination is judged once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from cityloop.town.orgs.roles import ROLES
from cityloop.town.orgs.rules import related

NEEDED = ("intake_officer", "inspector", "shift_leader", "dispatcher", "department_officer")
APART = ("inspector", "shift_leader")


class Candidate(msgspec.Struct, frozen=True):
    """A person who could take a task. `org_path` is as an actor carries it: `""` for the city itself."""

    account: int
    person: int
    post: int
    role: str
    org: int
    org_path: str
    unit_code: str
    level: int
    username: str = ""


class Need(msgspec.Struct, frozen=True):
    """A matter as far as staffing goes."""

    matter: str
    level: int = 0


class Finding(msgspec.Struct, frozen=True):
    """Who is missing: `unit_code` stands for `units` units that are alike.

    `problem`: `nobody`, `only_one`, `no_lead` (no organisation is responsible), or `same_person` (the only one
    on either track is one and the same, whom the separation law stops).
    """

    problem: str
    role: str
    track: str
    unit_code: str
    units: int
    matters: tuple[str, ...]
    lead: str | None


Lead = Callable[[str, str], str | None]


def missing(
    staff: Sequence[Candidate],
    needs: Sequence[Need],
    units: Iterable[str],
    lead: Lead,
    splits: Iterable[str] = (),
    needed: Sequence[str] = NEEDED,
) -> list[Finding]:
    """Find each matter × unit that lacks an eligible person for a needed role, or has only one.

    `lead(matter, unit)` gives the lead organisation's actor path or `None`; it may answer differently only for
    units that one of the prefixes in `splits` tells apart.
    """
    groups = _alike({person.unit_code for person in staff} | set(splits), units)
    findings: list[Finding] = []
    for prefix, (example, count) in sorted(groups.items()):
        here = [person for person in staff if example.startswith(person.unit_code)]
        for (level, path), matters in _by_level_and_lead(needs, example, lead).items():
            gaps = _gaps(here, level, path, needed)
            findings += [
                Finding(problem, role, ROLES[role].track, prefix, count, matters, path) for problem, role in gaps
            ]
    return findings


def _alike(prefixes: set[str], units: Iterable[str]) -> dict[str, tuple[str, int]]:
    lengths = sorted({len(prefix) for prefix in prefixes} | {0}, reverse=True)
    groups: dict[str, tuple[str, int]] = {}
    for unit in units:
        key = next((unit[:n] for n in lengths if n <= len(unit) and unit[:n] in prefixes), "")
        example, count = groups.get(key, (unit, 0))
        groups[key] = (example, count + 1)
    return groups


def _by_level_and_lead(
    needs: Sequence[Need], unit: str, lead: Lead
) -> Mapping[tuple[int, str | None], tuple[str, ...]]:
    found: dict[tuple[int, str | None], tuple[str, ...]] = defaultdict(tuple)
    for need in needs:
        found[need.level, lead(need.matter, unit)] += (need.matter,)
    return found


def _gaps(here: Sequence[Candidate], level: int, lead: str | None, needed: Sequence[str]) -> list[tuple[str, str]]:
    persons = {role: _persons(here, role, level, lead) for role in needed}
    gaps = [
        ("no_lead" if lead is None and role == "department_officer" else "nobody", role)
        for role in needed
        if not persons[role]
    ]
    gaps += [("only_one", role) for role in needed if len(persons[role]) == 1]
    return gaps + _clashes(persons)


def _persons(here: Sequence[Candidate], role: str, level: int, lead: str | None) -> frozenset[int]:
    able = [person for person in here if person.role == role and person.level >= level]
    if role == "department_officer":
        able = [p for p in able if lead is not None and p.org_path.startswith(lead)]
    if role in APART and lead:
        able = [p for p in able if not related(p.org_path, lead)]
    return frozenset(p.person for p in able)


def _clashes(persons: Mapping[str, frozenset[int]]) -> list[tuple[str, str]]:
    """Roles of supervision whose only person is also the only one of a role of command."""
    alone = {people for role, people in persons.items() if ROLES[role].track == "command" and len(people) == 1}
    return [
        ("same_person", role)
        for role, people in persons.items()
        if ROLES[role].track == "supervision" and people in alone
    ]
