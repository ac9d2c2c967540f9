"""Likely duplicates: same matter, near in place and time, similar words."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np
from django.db.models import Q, QuerySet

from cityloop.ground.codes import metres_between, neighbourhood
from cityloop.loops.cases.known import PICTURED, coarse, everybody, exactness
from cityloop.loops.cases.models import SUBJECT, Case
from cityloop.town.catalog import queries as catalog
from cityloop.town.persons.queries import words_of_many
from cityloop.town.tabular.keyed import one_of, rows_of
from cityloop.town.units.queries import near

RADIUS_M = 150.0
GRID_M = 160.0  # how far a place may lie from where its street is told
NEARLY = 0.5
WITHIN = 14 * 86_400_000_000
MOST_COMPARED = 40
C = TypeVar("C")
OPEN_STATES = ("collected", "proving", "waiting_reporter", "filed", "dispatched", "handling", "handled", "checking")
# Where a case may rest for long: what is reported meanwhile is about the same thing however old the case is.
LASTING = ("split_up", "transferred", "suspended")
ALIKE_STATES = (*OPEN_STATES, "checked", *LASTING)


class Likely(msgspec.Struct, frozen=True):
    """A case that may be about the same thing: `score` 0 to 1, the distance, how long before."""

    case: Case
    score: float
    metres: float
    micros: int


def likely(
    *,
    lon: float,
    lat: float,
    at: int,
    matter: str = "",
    words: str = "",
    but: int = 0,
    most: int = 5,
    among: "QuerySet[Case] | None" = None,
) -> list[Likely]:
    """Give the likeliest duplicates of a report at a place, best first: two queries, by a B-tree on cells.

    `among` is what the asker may see; without it, all cases are compared.
    """
    seen = Case.objects.all() if among is None else among
    in_time = Q(created__gte=at - WITHIN) | Q(state__in=LASTING)
    rows = seen.filter(near("cell", lon, lat, RADIUS_M), in_time, state__in=ALIKE_STATES, created__lte=at + WITHIN)
    rows = rows.filter(matter__in=[matter, ""]) if matter else rows
    rows = rows.exclude(pk=but).defer("snapshot", "slots", "head")  # what only a step needs
    found = list(rows.order_by("-created")[:MOST_COMPARED])
    places = [(case.lon, case.lat) for case in found]
    return _best(_measured(found, places, lon, lat), at, matter, words, alike)[:most]


def of_those(found: Iterable[Case], case: Case, words: str, most: int = 4) -> list[Likely]:
    """Give the likeliest duplicates of a case among others near it that are at hand. One query: their words."""
    fitting = [
        one
        for one in found
        if one.state in ALIKE_STATES
        and (abs(one.created - case.created) <= WITHIN or one.state in LASTING)
        and (not case.matter or one.matter in (case.matter, ""))
    ]
    places = [(one.lon, one.lat) for one in fitting]
    near_by = _measured(fitting, places, case.lon or 0.0, case.lat or 0.0)
    return _best(near_by, case.created, case.matter, words, alike)[:most]


def openly_likely(*, lon: float, lat: float, at: int, matter: str = "", words: str = "", most: int = 5) -> list[Likely]:
    """Give likely duplicates to whoever asks: only what everybody may know, and nothing finer by asking often.

    A place told by its street is measured from where it is told, not from where it is; and words of others count only
    where they are nearly the same, so that nobody feels out letter by letter what was written.
    """
    told = {code: how for code in ([matter] if matter else _matters()) if (how := exactness(code)) in PICTURED}
    found = _openly_near(lon, lat, at, told) if told else []
    places = [coarse(one.lon, one.lat, told[one.matter]) for one in found]
    best = _best(_measured(found, places, lon, lat), at, matter, words, nearly_the_same)[:most]
    cases = everybody().defer("snapshot", "slots", "head").in_bulk([one.case.pk for one in best]) if best else {}
    return [msgspec.structs.replace(one, case=cases[one.case.pk]) for one in best if one.case.pk in cases]


class Near(NamedTuple):
    """What telling how alike two cases are needs of one: it is asked for at every report, and nearly none is alike."""

    pk: int
    matter: str
    created: int
    lon: float
    lat: float

    @property
    def subject(self) -> str:
        """The name of the case on the ledger."""
        return f"{SUBJECT}:{self.pk}"


def _listed(states: Iterable[str]) -> str:
    return ", ".join(f"'{state}'" for state in states)


_OPEN_NEAR = (
    "o.cell >= k.low AND o.cell < k.high AND o.closed IS NULL AND o.level = 0 AND o.parent_id IS NULL"
    f" AND o.state IN ({_listed(ALIKE_STATES)}) AND o.created <= %s"
    f" AND (o.created >= %s OR o.state IN ({_listed(LASTING)}))"
)


def _openly_near(lon: float, lat: float, at: int, matters: Iterable[str]) -> list[Near]:
    """Give the newest open cases of some matters near a place and an instant, of those everybody may know. One query.

    Written by hand: to have it written anew each time costs more than its answer.
    """
    one, wanted = one_of(matters)
    rows = rows_of(
        "cases_case", ("low", "high"), neighbourhood(lon, lat, RADIUS_M + GRID_M),
        give="o.id, o.matter, o.created, o.lon, o.lat", where=f"{_OPEN_NEAR} AND o.matter {one}",
        values=[at + WITHIN, at - WITHIN, wanted], order="o.created DESC", most=MOST_COMPARED,
    )  # fmt: skip
    return [Near(*row) for row in rows]


def _matters() -> Iterable[str]:
    return catalog.current().known if catalog.has_any() else ()


def _measured(found: list[C], places: list[Any], lon: float, lat: float) -> list[tuple[C, float]]:
    """Give those cases whose place lies within the radius, each with its distance."""
    at = np.array(places, float).reshape(-1, 2)
    away = metres_between(at[:, 0], at[:, 1], lon, lat)
    return [(case, float(metres)) for case, metres in zip(found, away, strict=True) if metres <= RADIUS_M]


def _best(
    near_by: list[tuple[Any, float]], at: int, matter: str, words: str, alike: Callable[[str, str], float]
) -> list[Likely]:
    texts = words_of_many([case.subject for case, _ in near_by], "1:collect:words") if words and near_by else {}
    scored = [
        _score(
            case, metres, at, matter, alike(words, said) if words and (said := texts.get(case.subject, "")) else None
        )
        for case, metres in near_by
    ]
    return sorted((x for x in scored if x.score >= 0.35), key=lambda x: (-x.score, x.metres))


def _score(case: Any, metres: float, at: int, matter: str, same_words: float | None) -> Likely:
    gone = abs(at - case.created)
    place, time = 1 - metres / RADIUS_M, max(0.0, 1 - gone / WITHIN)
    same = 1.0 if matter and case.matter == matter else 0.5
    if same_words is not None:
        score = 0.4 * place + 0.15 * time + 0.2 * same + 0.25 * same_words
    else:
        score = 0.5 * place + 0.2 * time + 0.3 * same
    return Likely(case, round(score, 3), metres, gone)


def nearly_the_same(one: str, two: str) -> float:
    """Give 1 where two texts are alike for the greater part, else 0."""
    return 1.0 if alike(one, two) >= NEARLY else 0.0


def alike(one: str, two: str) -> float:
    """Give the share of letter pairs (of characters, for Chinese) that two texts have in common, 0 to 1."""
    a, b = set(_grams(one)), set(_grams(two))
    return len(a & b) / len(a | b) if a and b else 0.0


def _grams(text: str) -> Iterable[str]:
    plain = "".join(ch for ch in text.casefold() if ch.isalnum())
    size = 3 if plain.isascii() else 2
    return (plain[i : i + size] for i in range(max(1, len(plain) - size + 1)))
