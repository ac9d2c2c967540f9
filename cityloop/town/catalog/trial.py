"""Trying a change before it is published: who would have been responsible for past cases, and until when.

Pure: two versions and what came in, counted by matter and unit. Nothing is written, no case is touched.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from cityloop.ground.worktime import Limit
from cityloop.town.catalog.compiled import CompiledCatalog, Entry
from cityloop.town.orgs.queries import OrgRef

Due = Callable[[Limit, int], int]  # when a limit that begins at an instant has run out
EXAMPLES = 20


class Group(NamedTuple):
    """How many cases of a matter came from a unit; `last` is when the newest of them came."""

    matter: str
    unit: str
    cases: int
    last: int


class Who(NamedTuple):
    """Who leads and who helps; nobody leads where a dispatcher chooses."""

    lead: OrgRef | None
    helpers: tuple[OrgRef, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Give the keys: two are the same if these are."""
        return (self.lead.key if self.lead else "", *(one.key for one in self.helpers))


@dataclass(slots=True)
class Row:
    """Cases of one matter that would have gone another way; `groups` are those they were counted in."""

    matter: Entry
    cases: int = 0
    groups: list[Group] = field(default_factory=list)

    def count(self, group: Group) -> None:
        """Count a group in."""
        self.cases += group.cases
        self.groups.append(group)


@dataclass(slots=True)
class Routed(Row):
    """Cases that would have gone to somebody else."""

    was: Who = Who(None)
    now: Who = Who(None)


@dataclass(slots=True)
class Timed(Row):
    """Cases that would have had other limits. `shorter` and `longer` count those due sooner and later in the end."""

    was: tuple[str, ...] = ()
    now: tuple[str, ...] = ()
    shorter: int = 0
    longer: int = 0


@dataclass(slots=True)
class Trial:
    """What a change would have meant. `unknown` are cases of matters that neither version has."""

    cases: int = 0
    unknown: int = 0
    routed: list[Routed] = field(default_factory=list)
    timed: list[Timed] = field(default_factory=list)
    gone: list[Row] = field(default_factory=list)
    new: list[Row] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Tell whether nothing at all would have been different."""
        return not (self.routed or self.timed or self.gone or self.new)

    def examples(self, most: int = EXAMPLES) -> list[Group]:
        """Give groups with a case that would have gone another way: of each row first one, then the next of each."""
        rows = [row.groups for row in (*self.routed, *self.timed, *self.gone, *self.new)]
        newest = [sorted(groups, key=lambda group: -group.last)[:most] for groups in rows]
        mixed = [groups[turn] for turn in range(most) for groups in newest if turn < len(groups)]
        return list(dict.fromkeys(mixed))[:most]


def trial(old: CompiledCatalog, new: CompiledCatalog, groups: Iterable[Group], due: Due) -> Trial:
    """Try the newer of two versions on what came in."""
    found, cut = Trial(), max(map(len, old.prefixes() | new.prefixes()), default=0)
    routed, timed = dict[tuple[str, ...], Routed](), dict[str, Timed]()
    gone, fresh = dict[str, Row](), dict[str, Row]()
    asked = dict[tuple[str, str], tuple[Who, Who]]()
    for group in groups:
        found.cases += group.cases
        was, now = old.matters.get(group.matter), new.matters.get(group.matter)
        if was is None or now is None:
            if one := was or now:
                (gone if was else fresh).setdefault(group.matter, Row(one)).count(group)
            else:
                found.unknown += group.cases
            continue
        key = (group.matter, group.unit[:cut])
        if key not in asked:
            asked[key] = _who(old, *key), _who(new, *key)
        before, after = asked[key]
        if before.keys != after.keys:
            named = (group.matter, *before.keys, ">", *after.keys)
            routed.setdefault(named, Routed(now, was=before, now=after)).count(group)
        if _limits(was) != _limits(now):
            row = timed.setdefault(group.matter, Timed(now, was=_limits(was), now=_limits(now)))
            row.count(group)
            _lean(row, group, due(was.limit, group.last), due(now.limit, group.last))
    found.routed, found.timed = _most(routed.values()), _most(timed.values())
    found.gone, found.new = _most(gone.values()), _most(fresh.values())
    return found


def _lean(row: Timed, group: Group, was: int, now: int) -> None:
    row.shorter += group.cases if now < was else 0
    row.longer += group.cases if now > was else 0


def _who(version: CompiledCatalog, matter: str, unit: str) -> Who:
    found = version.route(matter, unit)
    return Who(found.lead, tuple(helper.org for helper in found.assisting))


def _limits(entry: Entry) -> tuple[str, ...]:
    return tuple(step.limit.text for step in entry.milestones)


def plain(found: Trial) -> dict[str, Any]:
    """Give a trial as plain values: organisations by their keys, limits as they are written."""
    return {
        "cases": found.cases,
        "unknown": found.unknown,
        "same": found.same,
        "routed": [{**_plain(row), "was": _keys(row.was), "now": _keys(row.now)} for row in found.routed],
        "timed": [
            {**_plain(r), "was": list(r.was), "now": list(r.now), "sooner": r.shorter, "later": r.longer}
            for r in found.timed
        ],
        "gone": [_plain(row) for row in found.gone],
        "new": [_plain(row) for row in found.new],
    }


def _plain(row: Row) -> dict[str, Any]:
    return {"matter": row.matter.code, "names": row.matter.names, "cases": row.cases}


def _keys(who: Who) -> dict[str, Any]:
    return {"lead": who.keys[0] or None, "assisting": list(who.keys[1:])}


R = TypeVar("R", bound=Row)


def _most(rows: Iterable[R]) -> list[R]:
    return sorted(rows, key=lambda row: (-row.cases, row.matter.code))
