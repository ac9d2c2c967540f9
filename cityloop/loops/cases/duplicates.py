"""Likely duplicates: same matter, near in place and time, similar words."""

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from django.db.models import QuerySet

from cityloop.ground.codes import metres_between
from cityloop.loops.cases.models import Case
from cityloop.town.persons.queries import words_of_many
from cityloop.town.units.queries import near

RADIUS_M = 150.0
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
    rows = (Case.objects.all() if among is None else among).filter(
        near("cell", lon, lat, RADIUS_M), state__in=OPEN_STATES, created__gte=at - WITHIN, created__lte=at + WITHIN
    )
    if matter:
        rows = rows.filter(matter__in=(matter, ""))
    found = list(rows.exclude(pk=but).order_by("-created")[:MOST_COMPARED])
    return ranked(found, lon=lon, lat=lat, at=at, matter=matter, words=words, most=most)


def of_those(found: Iterable[Case], case: Case, words: str, most: int = 4) -> list[Likely]:
    """Give the likeliest duplicates of a case among others near it that are at hand. One query: their words."""
    fitting = [
        one
        for one in found
        if one.state in OPEN_STATES
        and abs(one.created - case.created) <= WITHIN
        and (not case.matter or one.matter in (case.matter, ""))
    ]
    place = {"lon": case.lon or 0.0, "lat": case.lat or 0.0}
    return ranked(fitting, **place, at=case.created, matter=case.matter, words=words, most=most)


def ranked(
    found: Sequence[Case], *, lon: float, lat: float, at: int, matter: str, words: str, most: int
) -> list[Likely]:
    """Give those of some cases that may be about the same thing as a report at a place, best first. One query."""
    if not found:
        return []
    texts = words_of_many([c.subject for c in found], "1:collect:words") if words else {}
    places = np.array([(c.lon, c.lat) for c in found], float)
    away = metres_between(places[:, 0], places[:, 1], lon, lat)
    scored = [_score(c, float(m), at, matter, words, texts) for c, m in zip(found, away, strict=True) if m <= RADIUS_M]
    return sorted((x for x in scored if x.score >= 0.35), key=lambda x: (-x.score, x.metres))[:most]


def _score(case: Case, metres: float, at: int, matter: str, words: str, texts: dict[str, str]) -> Likely:
    gone = abs(at - case.created)
    place, time = 1 - metres / RADIUS_M, 1 - gone / WITHIN
    same = 1.0 if matter and case.matter == matter else 0.5
    said = texts.get(case.subject, "")
    if words and said:
        score = 0.4 * place + 0.15 * time + 0.2 * same + 0.25 * alike(words, said)
    else:
        score = 0.5 * place + 0.2 * time + 0.3 * same
    return Likely(case, round(score, 3), metres, gone)


def alike(one: str, two: str) -> float:
    """Give the share of letter pairs (of characters, for Chinese) that two texts have in common, 0 to 1."""
    a, b = set(_grams(one)), set(_grams(two))
    return len(a & b) / len(a | b) if a and b else 0.0


def _grams(text: str) -> Iterable[str]:
    plain = "".join(ch for ch in text.casefold() if ch.isalnum())
    size = 3 if plain.isascii() else 2
    return (plain[i : i + size] for i in range(max(1, len(plain) - size + 1)))
