"""What a file speaks of and the city must know first: its kinds of request and its agencies."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cityloop.ground.kit.manifest import Manifest
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import clean
from cityloop.ground.loop.actor import Actor
from cityloop.loops.cases.importing.mapping import AgenciesMap, ImportMap
from cityloop.loops.cases.importing.repeats import Keys
from cityloop.town.catalog import actions as catalog_actions
from cityloop.town.catalog import queries as catalog
from cityloop.town.orgs import actions as orgs_actions
from cityloop.town.orgs import queries as orgs
from cityloop.town.orgs.queries import OrgRef
from cityloop.town.tabular.tables import Table
from cityloop.town.units.queries import city

_NOT_WORD = re.compile(r"[^a-z0-9]+")
Pairs = Counter[tuple[str, str]]


def said(text: str) -> str:
    """Give what a cell says, without what text from outside may hide: no database of ours keeps a NUL."""
    return clean(text).strip()


def pairs(path: Path, rules: ImportMap, keys: Keys | None = None) -> Pairs:
    """Count the kinds of request and agencies of a file as (matter, agency); note its keys on the way, where wanted."""
    names = list(rules.wanted())
    key = names.index(rules.columns.key)
    matter = names.index(rules.columns.matter) if rules.columns.matter else -1
    agency = names.index(rules.columns.agency) if rules.columns.agency else -1
    found: Pairs = Counter()
    if matter < 0 and agency < 0 and keys is None:
        return found
    for raw in Table(path, rules.source, rules.wanted()).rows():
        if raw.values:
            value = (*raw.values, "")
            found[said(value[matter]), said(value[agency])] += 1
        if keys is not None:
            keys.add(said(raw.values[key]) if raw.values else "")
    return found


def codes(
    texts: Iterable[str], given: Mapping[str, str], prefix: str, known: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Give each text a code of its own: the map's, else the one it is `known` by, else one made of its letters."""
    wanted = sorted(set(texts) - {""})
    named = {name: code for name, code in (known or {}).items() if not given.get(name)}
    alike = {name.casefold(): code for name, code in named.items() if name not in wanted}
    made = {text: given.get(text) or named.get(text) or alike.get(text.casefold(), "") for text in wanted}
    taken = {*made.values(), *(code for name, code in named.items() if code.startswith(_stem(name, prefix)))}
    for text in wanted:
        if not made[text]:
            stem = code = _stem(text, prefix)
            number = 2
            while code in taken:
                code, number = f"{stem}_{number}", number + 1
            made[text] = code
            taken.add(code)
    return made


def _stem(text: str, prefix: str) -> str:
    return (prefix + slug(text))[:56].rstrip("_.-") or "x"


def matter_codes(rules: ImportMap, found: Pairs, plates: Iterable[Manifest]) -> dict[str, str]:
    """Give the code of each kind of request; what the plate calls by the same name keeps its code for ever."""
    known = {m.names["en"]: m.code for plate in plates if plate.key == rules.plate_key for m in plate.matters}
    return codes((m for m, _ in found), rules.matters.values, rules.matter_prefix, known)


def org_keys(rules: ImportMap, found: Pairs, standing: Iterable[OrgRef] = ()) -> dict[str, str]:
    """Give the organisation's key of each agency; one that stands by the same name keeps its key for ever."""
    texts = {agency for _, agency in found}
    return codes(texts, rules.agencies.values, rules.agencies.prefix, _called(rules.agencies, texts, standing))


def _called(rules: AgenciesMap, texts: Iterable[str], standing: Iterable[OrgRef]) -> dict[str, str]:
    """Give the key of each organisation by the texts a file may call it by: its names, and what the map names so.

    A prefix keeps the agencies of its sources apart from all others, whatever they are called.
    """
    by_name: dict[str, list[OrgRef]] = {}
    for org in standing:
        for name in set(org.names.values()) if org.key.startswith(rules.prefix) else ():
            by_name.setdefault(name, []).append(org)
    found = {name: _one(some, _stem(name, rules.prefix)) for name, some in by_name.items()}
    found |= {text: found.get(_name(text), "") for text in texts}
    for text, names in rules.names.items():
        some = [org for org in by_name.get(next(iter(names.values()), ""), ()) if names.items() <= org.names.items()]
        found[text] = _one(some, _stem(text, rules.prefix)) or found.get(text, "")
    return {text: key for text, key in found.items() if key}


def _one(some: Sequence[OrgRef], stem: str) -> str:
    """Give the key of the organisation that is meant: of several called the same, none but one made by its letters."""
    made = [org.key for org in some if org.key.startswith(stem)]
    return min(made, key=lambda key: (len(key), key)) if made else some[0].key if len(some) == 1 else ""


def slug(text: str) -> str:
    """Give the letters and digits of a text, joined by underscores; texts in other scripts by their code points."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _NOT_WORD.sub("_", plain).strip("_") or "u" + "_".join(f"{ord(c):x}" for c in text[:10])


def plate_of(
    rules: ImportMap, found: Pairs, plates: Iterable[Manifest] = (), standing: Iterable[OrgRef] = ()
) -> Manifest:
    """Give a plate with a matter for each kind of request, led by the agency that has most of them."""
    made, keys = matter_codes(rules, found, plates), org_keys(rules, found, standing)
    rows = sorted({code: text for text, code in sorted(made.items(), reverse=True)}.items())
    return Manifest.model_validate(
        {
            "key": rules.plate_key,
            "version": f"1.0.{len(rows)}",
            "names": _both(rules.source.name),
            "matters": [_matter(rules, code, text) for code, text in rows],
            "responsibility": [
                {"matter": code, "lead": keys[lead]} for code, text in rows if (lead := _leader(found, text))
            ],
        }
    )


def _leader(found: Pairs, matter: str) -> str:
    agencies = Counter({agency: count for (m, agency), count in found.items() if m == matter and agency})
    return min(agencies, key=lambda a: (-agencies[a], a)) if agencies else ""


def _matter(rules: ImportMap, code: str, text: str) -> dict[str, Any]:
    return {
        "code": code,
        "class": rules.plate_key,
        "subclass": code,
        "kind": "event",
        "names": _both(text[:200]),
        "filing": {"en": "The place and the matter are clear.", "zh-hans": "位置和事项清楚。"},
        "closing": {"en": "The matter is dealt with.", "zh-hans": "事项已处理。"},
        "milestones": [
            {"name": {"en": "Done", "zh-hans": "办结"}, "limit": rules.matters.limits.get(text, rules.matters.limit)}
        ],
    }


def _name(text: str) -> str:
    return text[:200].strip()


def _both(text: str) -> dict[str, str]:
    return {"en": text, "zh-hans": text}


def establish(rules: ImportMap, found: Pairs, *, by: Actor, at: int) -> None:
    """Add the agencies and matters the map wants added and the city does not know yet."""
    if rules.columns.agency and rules.agencies.unknown == "add":
        _add_agencies(rules, found, by, at)
    if rules.columns.matter and rules.matters.unknown == "add":
        _add_matters(rules, found, by, at)


def _add_agencies(rules: ImportMap, found: Pairs, by: Actor, at: int) -> None:
    known = orgs.directory()
    if not any(org.path.count("/") == 2 for org in known.values()):
        found_city(by=by, at=at)
        known = orgs.directory()
    root = orgs.city()
    for text, key in org_keys(rules, found, known.values()).items():
        if key not in known:
            names = rules.agencies.names.get(text) or _both(_name(text))
            orgs_actions.add_organisation(key=key, names=names, kind=rules.agencies.kind, parent=root, by=by, at=at)


def found_city(*, by: Actor, at: int) -> None:
    """Make the city itself the root of its organisations, where nobody has done so yet."""
    here = city()
    orgs_actions.found_city(key=here.key.replace("_", "-"), names=here.names, by=by, at=at)


def _add_matters(rules: ImportMap, found: Pairs, by: Actor, at: int) -> None:
    now = catalog.published()
    plates, lines = now.plates, now.lines
    known = {matter.code for plate in plates for matter in plate.matters}
    keys = orgs.directory()
    wanted = plate_of(rules, found, plates, keys.values())
    fresh = [m for m in wanted.matters if m.code not in known]
    if not fresh:
        return
    mine = next((p for p in plates if p.key == wanted.key), None)
    matters = (*(mine.matters if mine else ()), *fresh)
    own = {matter.code for matter in matters}
    led = {r.matter for r in mine.responsibility} if mine else set()
    # A plate may speak of its own matters only: kinds of request that another plate knows are led by its word.
    more = [r for r in wanted.responsibility if r.lead in keys and r.matter in own - led]
    merged = (mine or wanted).model_copy(
        update={
            "version": f"1.0.{len(matters)}",
            "matters": matters,
            "responsibility": (*(mine.responsibility if mine else ()), *more),
        }
    )
    others = [p for p in plates if p.key != wanted.key]
    catalog_actions.publish(plates=[*others, merged], city=lines, by=by, at=at)


class Known:
    """The city's matters and organisations by what the file calls them; '' and 0 where it calls none."""

    def __init__(self, rules: ImportMap, found: Pairs) -> None:
        self.rules = rules
        directory = orgs.directory()
        known = set(catalog.current().matters) if catalog.has_any() else set()
        made = matter_codes(rules, found, catalog.published().plates)
        self.matters = {text: code for text, code in made.items() if code in known}
        keys = org_keys(rules, found, directory.values())
        self.agencies = {text: directory[key] for text, key in keys.items() if key in directory}

    def matter(self, text: str) -> str:
        """Give the matter's code; raises Refusal where the map wants such rows rejected."""
        code = self.matters.get(text, "")
        if text and not code and self.rules.matters.unknown == "reject":
            raise Refusal("import.matter", "the catalogue has no matter for {text!r}", "matter", text=text[:60])
        return code

    def agency(self, text: str) -> int:
        """Give the organisation's id; raises Refusal where the map wants such rows rejected."""
        org = self.agencies.get(text)
        if text and org is None and self.rules.agencies.unknown == "reject":
            raise Refusal("import.agency", "there is no organisation for {text!r}", "agency", text=text[:60])
        return org.id if org else 0
