"""Who is responsible: a pure, explained choice among rules matter pattern × unit prefix.

The most specific rule wins. The matter decides first, the place second: a water main belongs to the water
company everywhere, even where a district office answers for "all else here". In order:

1. the exact matter code, then the longer pattern (`noise.*` before `*`);
2. the longer unit prefix (a street before its district, `""` = the whole city last);
3. the city's own rule before a plate's.

Two rules of one layer that say the same matter and unit are refused: nobody could tell which was meant.
"""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.shapes import ready

PLATE, CITY = 0, 1


class Assist(msgspec.Struct, frozen=True):
    """An organisation that helps: parts with a lower `order` come first, equal ones run side by side."""

    organisation: str
    order: int = 1
    task: dict[str, str] = {}

    def __hash__(self) -> int:
        return hash((self.organisation, self.order))


@ready
class Rule(msgspec.Struct, frozen=True):
    """One line of responsibility. `matter`: a code, a prefix ending in `*`, or `*`; `unit`: a code prefix."""

    matter: str
    unit: str
    lead: str
    assisting: tuple[Assist, ...] = ()
    layer: int = PLATE
    source: str = ""

    def rank(self) -> tuple[bool, int, int, int]:
        return (not self.matter.endswith("*"), len(self.matter), len(self.unit), self.layer)

    def matches(self, matter: str, unit: str) -> bool:
        exact = not self.matter.endswith("*")
        here = matter == self.matter if exact else matter.startswith(self.matter[:-1])
        return here and unit.startswith(self.unit)


class Routing(msgspec.Struct, frozen=True):
    """The answer: keys of organisations, and every rule that matched, the winner first. No rule: lead `""`."""

    lead: str
    assisting: tuple[Assist, ...]
    why: tuple[Rule, ...]


Units = dict[str, tuple[Rule, ...]]


class Table:
    """Rules made ready to be asked: one question is a few look-ups, whatever the number of rules."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._patterns = _by_pattern(rules)
        self._lengths = sorted({len(p) for p in self._patterns if p.endswith("*")}, reverse=True)
        self._matters: dict[str, tuple[tuple[Units, tuple[int, ...]], ...]] = {}

    def route(self, matter: str, unit: str) -> Routing:
        """Give who leads and assists for this matter in this unit, and why."""
        why: list[Rule] = []
        for units, lengths in self._for_matter(matter):
            for length in lengths:
                if length <= len(unit):
                    why += units.get(unit[:length], ())
        return Routing(why[0].lead, why[0].assisting, tuple(why)) if why else Routing("", (), ())

    def of_matter(self, matter: str) -> list[Rule]:
        """Give every rule that speaks of a matter, wherever, the most specific first."""
        found = [rule for units, _ in self._for_matter(matter) for same in units.values() for rule in same]
        return sorted(found, key=Rule.rank, reverse=True)

    def prefixes(self) -> set[str]:
        """Give all unit prefixes that the rules tell apart."""
        return {unit for units in self._patterns.values() for unit in units}

    def organisations(self) -> set[str]:
        """Give the keys of all organisations that the rules name."""
        rules = [rule for units in self._patterns.values() for same in units.values() for rule in same]
        return {rule.lead for rule in rules} | {a.organisation for rule in rules for a in rule.assisting}

    def _for_matter(self, matter: str) -> tuple[tuple[Units, tuple[int, ...]], ...]:
        known = self._matters.get(matter)
        if known is None:
            names = [matter, *(f"{matter[: n - 1]}*" for n in self._lengths if n - 1 <= len(matter))]
            found = [self._patterns[name] for name in names if name in self._patterns]
            known = tuple((units, tuple(sorted({len(u) for u in units}, reverse=True))) for units in found)
            if len(self._matters) < 100_000:
                self._matters[matter] = known
        return known


def route(rules: Iterable[Rule], matter: str, unit: str) -> Routing:
    """Ask rules once; to ask often keep a `Table`."""
    return _table(tuple(rules)).route(matter, unit)


@lru_cache(maxsize=16)
def _table(rules: tuple[Rule, ...]) -> Table:
    return Table(rules)


def _by_pattern(rules: Iterable[Rule]) -> dict[str, Units]:
    seen: dict[tuple[str, str, int], Rule] = {}
    for rule in rules:
        if seen.setdefault((rule.matter, rule.unit, rule.layer), rule) is not rule:
            raise Refusal(
                "routing.rule.twice",
                "Two rules of one layer name matter {matter} in unit {unit}; keep one.",
                "responsibility",
                matter=rule.matter,
                unit=rule.unit or "(whole city)",
            )
    patterns: dict[str, Units] = {}
    for rule in sorted(seen.values(), key=Rule.rank, reverse=True):
        units = patterns.setdefault(rule.matter, {})
        units[rule.unit] = (*units.get(rule.unit, ()), rule)
    return patterns
