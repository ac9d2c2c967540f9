"""A catalogue in memory: immutable, quick to ask, the same for every case that pins its digest."""

import json
import re
from collections.abc import Mapping
from itertools import takewhile
from typing import Any

import msgspec

from cityloop.ground.kit.manifest import Matter, Question, Reply
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.routing import Assist, Routing, Rule, Table
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

    def prefixes(self) -> set[str]:
        return {prefix for table in self.tables.values() for prefix in table.prefixes()}


class CompiledCatalog:
    """The matters and responsibilities of one version, with organisations as they are now."""

    __slots__ = ("_body", "_directory", "digest", "matters", "number")

    def __init__(self, body: Body, directory: Mapping[str, OrgRef]) -> None:
        self._body, self._directory = body, directory
        self.digest, self.number, self.matters = body.digest, body.number, body.matters

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
        wanted = words.casefold().split()
        found = [(_found(entry, wanted, lang), entry) for entry in self.matters.values()]
        return [entry for score, entry in sorted(found, key=_best) if score][:limit]

    def suggest(self, text: str, lang: str = "en", limit: int = 5) -> list[Entry]:
        """Propose matters for a free description by keywords and words in common, the best first."""
        folded, tokens = text.casefold(), _tokens(text)
        found = [(_fits(entry, folded, tokens, lang), entry) for entry in self.matters.values()]
        return [entry for score, entry in sorted(found, key=_best) if score][:limit]

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
    matters = {plate["key"]: plate["matters"] for plate in data["plates"]}
    entries = [_entry(key, Matter.model_validate(m)) for key, listed in matters.items() for m in listed]
    city = [_rule(rule) for rule in data["rules"]]
    tables = {p["key"]: Table([*map(_rule, p["rules"]), *city]) for p in data["plates"]}
    replies = tuple(Reply.model_validate(reply) for plate in data["plates"] for reply in plate.get("replies", ()))
    return Body(digest, number, {entry.code: entry for entry in entries}, tables, replies)


def _rule(data: dict[str, Any]) -> Rule:
    return msgspec.convert(data, Rule)


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


def _best(found: tuple[float, Entry]) -> tuple[float, str]:
    return -found[0], found[1].code


def _found(entry: Entry, wanted: list[str], lang: str) -> float:
    """Every word must stand in the code, a name or a keyword; one at the start of the name counts more."""
    name = entry.names.get(lang, "").casefold()
    whole = " ".join([name, entry.code, *entry.names.values(), *entry.class_names.values(), *_keywords(entry)])
    if not all(word in whole.casefold() for word in wanted):
        return 0
    return 1 + sum(2 if name.startswith(word) else word in name for word in wanted)


def _fits(entry: Entry, text: str, tokens: set[str], lang: str) -> float:
    keywords = sum(1 + len(word) for word in entry.keywords.get(lang, ()) if _holds(text, word.casefold()))
    return 2 * keywords + len(tokens & _tokens(entry.names.get(lang, "")))


def _holds(text: str, keyword: str) -> bool:
    """A keyword in Latin letters must stand as a word or begin one; one in Chinese may stand anywhere."""
    return re.search(rf"\b{re.escape(keyword)}", text) is not None if keyword.isascii() else keyword in text


def _keywords(entry: Entry) -> list[str]:
    return [word for words in entry.keywords.values() for word in words]


_WORD = re.compile(r"[a-z]{3,}|[\u3400-\u9fff]+")


def _tokens(text: str) -> set[str]:
    """Give the words of three letters and more, and pairs of neighbouring Chinese characters."""
    tokens: set[str] = set()
    for word in _WORD.findall(text.casefold()):
        tokens |= {word} if word.isascii() else {word[i : i + 2] for i in range(len(word) - 1)}
    return tokens - _COMMON


_COMMON = {"the", "and", "for", "with", "that", "this", "there", "has", "not", "are", "was"}
