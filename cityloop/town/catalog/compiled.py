"""A catalogue in memory: immutable, quick to ask, the same for every case that pins its digest."""

import json
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any

import msgspec

from cityloop.ground.kit import finding
from cityloop.ground.kit.manifest import Matter, Question, Reply
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.routing import Assist, Routing, Rule, Table
from cityloop.ground.kit.shapes import of_plain
from cityloop.ground.worktime import Limit, parse_limit
from cityloop.town.orgs.queries import OrgRef


class Step(msgspec.Struct, frozen=True):
    """A milestone with its limit parsed."""

    names: dict[str, str]
    limit: Limit


class Entry(msgspec.Struct, frozen=True):
    """A matter as published. `limit` is the handling limit: that of the last milestone."""

    code: str
    plate: str
    class_: str
    subclass: str
    kind: str
    names: dict[str, str]
    class_names: dict[str, str]
    filing: dict[str, str]
    closing: dict[str, str]
    milestones: tuple[Step, ...]
    stages: frozenset[str]
    urgent: bool
    level: int
    questions: tuple[Question, ...]
    public_place: str
    keywords: dict[str, tuple[str, ...]]

    @property
    def limit(self) -> Limit:
        return self.milestones[-1].limit


class Helper(msgspec.Struct, frozen=True):
    """An assisting organisation, resolved."""

    org: OrgRef
    order: int
    task: dict[str, str]


class Responsible(msgspec.Struct, frozen=True):
    """Who answers for a matter here. `lead` is None where no rule names an open organisation: a dispatcher chooses."""

    lead: OrgRef | None
    assisting: tuple[Helper, ...]
    routing: Routing

    @property
    def won(self) -> Rule | None:
        """The rule that decided: the most specific one whose organisation is there and open."""
        return next((rule for rule in self.routing.why if self.lead is not None and rule.lead == self.lead.key), None)

    @property
    def passed_over(self) -> list[str]:
        """Keys of organisations that more specific rules name, but that are closed or unknown."""
        return [rule.lead for rule in takewhile(lambda rule: rule is not self.won, self.routing.why)]


class Body(msgspec.Struct, frozen=True):
    """What depends on the published content alone."""

    digest: str
    number: int
    matters: dict[str, Entry]
    tables: dict[str, Table]
    replies: tuple[Reply, ...] = ()
    known: dict[str, Entry] = {}

    def prefixes(self) -> set[str]:
        return {prefix for table in self.tables.values() for prefix in table.prefixes()}


class CompiledCatalog:
    """The matters and responsibilities of one version, with organisations as they are now.

    `matters` are what may be filed; `known` has those of plates at rest and those withdrawn too, for cases that are
    there already.
    """

    __slots__ = ("_body", "_directory", "digest", "known", "matters", "number")

    def __init__(self, body: Body, directory: Mapping[str, OrgRef]) -> None:
        self._body, self._directory = body, directory
        self.digest, self.number, self.matters, self.known = body.digest, body.number, body.matters, body.known

    def matter(self, code: str) -> Entry:
        """Give a matter; refuse a code that this version does not have."""
        found = self.matters.get(code)
        if found is None:
            raise Refusal("catalog.matter.unknown", "Choose a matter from the catalogue.", "matter")
        return found

    def route(self, matter: str, unit: str) -> Responsible:
        """Give who leads and assists for a matter in a unit, as organisations, with the reasons."""
        routing = self._body.tables[self.matter(matter).plate].route(matter, unit)
        rule = self._first_open(routing)
        if rule is None:
            return Responsible(None, (), routing)
        helpers = tuple(helper for a in rule.assisting if (helper := self._helper(a)))
        return Responsible(self._directory[rule.lead], helpers, routing)

    def lines_of(self, matter: str) -> list[Rule]:
        """Give every rule that speaks of a matter, in any unit, the most specific first."""
        return self._body.tables[self.matter(matter).plate].of_matter(matter)

    def lead_path(self, matter: str, unit: str) -> str | None:
        """Give the lead organisation's actor path (`""` for the city itself), or None: for `orgs.queries.missing`."""
        lead = self.route(matter, unit).lead
        return None if lead is None else lead.actor_path

    def replies(self, action: str, state: str, matter: str) -> list[Reply]:
        """Give the words ready for an action on a case of this matter in this state, in the order written."""
        return [reply for reply in self._body.replies if reply.fits(action, state, matter)]

    def prefixes(self) -> set[str]:
        """Give all unit prefixes that the rules tell apart."""
        return self._body.prefixes()

    def search(self, words: str, lang: str = "en", limit: int = 20) -> list[Entry]:
        """Find matters by code, name, class or keyword, the best first; every matter for no words."""
        return finding.search(self.matters.values(), words, lang, limit)

    def suggest(self, text: str, lang: str = "en", limit: int = 5) -> list[Entry]:
        """Propose matters for a free description by keywords and words in common, the best first."""
        return finding.suggest(self.matters.values(), text, lang, limit)

    def _first_open(self, routing: Routing) -> Rule | None:
        for rule in routing.why:
            organisation = self._directory.get(rule.lead)
            if organisation and organisation.active:
                return rule
        return None

    def _helper(self, assist: Assist) -> Helper | None:
        organisation = self._directory.get(assist.organisation)
        return Helper(organisation, assist.order, assist.task) if organisation and organisation.active else None


def read(digest: str, number: int, content: str) -> Body:
    """Compile the published content of a version."""
    data = json.loads(content)
    matters = _entries(data["plates"])
    city = [_rule(rule) for rule in data["rules"]]
    tables = {p["key"]: Table([*map(_rule, p["rules"]), *city]) for p in data["plates"]}
    replies = tuple(Reply.model_validate(reply) for plate in data["plates"] for reply in plate.get("replies", ()))
    gone = [*data.get("withdrawn", ()), *data.get("resting", ())]
    return Body(digest, number, matters, tables, replies, {**_entries(gone), **matters})


def _entries(plates: Iterable[dict[str, Any]]) -> dict[str, Entry]:
    entries = (_entry(plate["key"], Matter.model_validate(m)) for plate in plates for m in plate["matters"])
    return {entry.code: entry for entry in entries}


def _rule(data: dict[str, Any]) -> Rule:
    return of_plain(data, Rule)


def _entry(plate: str, matter: Matter) -> Entry:
    return Entry(
        code=matter.code,
        plate=plate,
        class_=matter.class_,
        subclass=matter.subclass,
        kind=matter.kind,
        names=matter.names,
        class_names=matter.class_names or {},
        filing=matter.filing,
        closing=matter.closing,
        milestones=tuple(Step(m.name, parse_limit(m.limit)) for m in matter.milestones),
        stages=frozenset(matter.stages),
        urgent=matter.urgent,
        level=matter.level,
        questions=matter.questions,
        public_place=matter.public_place,
        keywords=matter.keywords,
    )
