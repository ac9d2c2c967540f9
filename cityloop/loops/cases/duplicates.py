"""Likely duplicates: same matter, near in place and time, similar words."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import numpy as np
from django.db.models import QuerySet

from cityloop.ground.codes import metres_between
from cityloop.loops.cases.known import PICTURED, coarse, everybody, exactness
from cityloop.loops.cases.models import Case
from cityloop.town.catalog import queries as catalog
from cityloop.town.persons.queries import words_of_many
from cityloop.town.units.queries import near

RADIUS_M = 150.0
GRID_M = 160.0  # how far a place may lie from where its street is told
NEARLY = 0.5
WITHIN = 14 * 86_400_000_000
MOST_COMPARED = 40
OPEN_STATES = ("collected", "proving", "waiting_reporter", "filed", "dispatched", "handling", "handled", "checking")


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
    rows = _comparable(seen, lon, lat, RADIUS_M, at, [matter, ""] if matter else None)
    found = list(rows.exclude(pk=but).order_by("-created")[:MOST_COMPARED])
    places = [(case.lon, case.lat) for case in found]
    return _best(_measured(found, places, lon, lat), at, matter, words, alike)[:most]


def of_those(found: Iterable[Case], case: Case, words: str, most: int = 4) -> list[Likely]:
    """Give the likeliest duplicates of a case among others near it that are at hand. One query: their words."""
    fitting = [
        one
        for one in found
        if one.state in OPEN_STATES
        and abs(one.created - case.created) <= WITHIN
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
    rows = _comparable(everybody(), lon, lat, RADIUS_M + GRID_M, at, list(told))
    found = list(rows.order_by("-created")[:MOST_COMPARED])
    places = [coarse(case.lon, case.lat, told[case.matter]) for case in found]
    return _best(_measured(found, places, lon, lat), at, matter, words, nearly_the_same)[:most]


def _matters() -> Iterable[str]:
    return catalog.current().known if catalog.has_any() else ()


def _comparable(
    rows: "QuerySet[Case]", lon: float, lat: float, radius: float, at: int, matters: list[str] | None
) -> "QuerySet[Case]":
    """Select the open cases near a place and an instant, of some matters or of all; what only a step needs is left."""
    rows = rows.filter(
        near("cell", lon, lat, radius), state__in=OPEN_STATES, created__gte=at - WITHIN, created__lte=at + WITHIN
    )
    rows = rows if matters is None else rows.filter(matter__in=matters)
    return rows.defer("snapshot", "slots", "head")


def _measured(found: list[Case], places: list[Any], lon: float, lat: float) -> list[tuple[Case, float]]:
    """Give those cases whose place lies within the radius, each with its distance."""
    at = np.array(places, float).reshape(-1, 2)
    away = metres_between(at[:, 0], at[:, 1], lon, lat)
    return [(case, float(metres)) for case, metres in zip(found, away, strict=True) if metres <= RADIUS_M]


def _best(
    near_by: list[tuple[Case, float]], at: int, matter: str, words: str, alike: Callable[[str, str], float]
) -> list[Likely]:
    texts = words_of_many([case.subject for case, _ in near_by], "1:collect:words") if words and near_by else {}
    scored = [
        _score(
            case, metres, at, matter, alike(words, said) if words and (said := texts.get(case.subject, "")) else None
        )
        for case, metres in near_by
    ]
    return sorted((x for x in scored if x.score >= 0.35), key=lambda x: (-x.score, x.metres))


def _score(case: Case, metres: float, at: int, matter: str, same_words: float | None) -> Likely:
    gone = abs(at - case.created)
    place, time = 1 - metres / RADIUS_M, 1 - gone / WITHIN
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
