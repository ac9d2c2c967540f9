"""Asking the index. What a scope may see is asked of the cases afterwards, as everywhere."""

from bisect import bisect_left
from collections.abc import Sequence

import msgspec
from django.db import connection
from django.db.models import Max
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from cityloop.ground.kit.remembered import Remembered
from cityloop.loops.cases.models import Term
from cityloop.loops.cases.search.actions import keys_of
from cityloop.loops.cases.search.terms import is_han, terms
from cityloop.town.calendar.queries import cache_seconds

MOST_WORDS = 12
RARE = 1_000  # counting stops here: only which word is the rarest matters
DEEP = 20_000  # how many of the rarest word's newest cases are looked through
CANDIDATES = (500, 5_500)  # cases with the words that a page is looked for among: mostly the first are enough
ALTERNATIVES = 8


class Asked(msgspec.Struct, frozen=True):
    """What is looked for: of each group of blinded terms one must be there; `meant` says what was read for what."""

    groups: tuple[tuple[int, ...], ...] = ()
    meant: tuple[tuple[str, tuple[str, ...]], ...] = ()
    nothing: bool = False


def read(text: str) -> Asked:
    """Read what somebody typed. One statement; a word nobody used is taken for the likeliest ones that are used."""
    words = terms(text)[:MOST_WORDS]
    if not words:
        return Asked(nothing=bool(text.strip()))
    used = _used([keys_of(word) for word in words])
    groups, meant = [], []
    for word, counted in zip(words, used, strict=True):
        count = sum(counted.values())
        near = alternatives(word) if count == 0 else ()
        if count == 0 and not near:
            return Asked(nothing=True)
        if near:
            meant.append((word, near))
        keys = [key for other in near for key in keys_of(other)] or counted
        groups.append((tuple(keys), count or RARE))
    groups.sort(key=lambda pair: pair[1])
    return Asked(tuple(keys for keys, _count in groups), tuple(meant))


def alternatives(word: str) -> tuple[str, ...]:
    """Give the used words that one may have meant: those that begin like it, else those one or two slips away."""
    known = _vocabulary()
    if is_han(word) or word.isdigit() or len(word) < 3:
        return ()
    at = bisect_left(known, word)
    begun = [other for other in known[at : at + ALTERNATIVES] if other.startswith(word)]
    if begun:
        return tuple(begun)
    slips = 1 if len(word) < 7 else 2
    found = extract(word, known, scorer=OSA.distance, score_cutoff=slips, limit=ALTERNATIVES)
    return tuple(other for other, _distance, _index in found if other[0] == word[0] or slips == 1)


_vocabulary = Remembered(
    lambda: sorted(Term.objects.values_list("text", flat=True)),
    lambda: Term.objects.aggregate(last=Max("id"))["last"],
    cache_seconds,
)


def _used(words: Sequence[Sequence[int]]) -> list[dict[int, int]]:
    """Give of each word those of its keys that cases have, with how many: keys of which none is left cost nothing."""
    one = f'(SELECT count(*) FROM (SELECT 1 FROM "cases_posting" WHERE "term" = %s LIMIT {RARE}) c)'
    asked = [key for keys in words for key in keys]
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join([one] * len(asked)), asked)
        counts = dict(zip(asked, cursor.fetchone(), strict=True))
    return [{key: counts[key] for key in keys if counts[key]} for keys in words]


def candidates(asked: Asked, *, before: int = 0, most: int = CANDIDATES[0]) -> list[int]:
    """Give the ids of the newest cases that have all the words, below the id `before`. One statement.

    Of a word that very many cases have, only its newest 20,000 are looked through.
    """
    if asked.nothing or not asked.groups:
        return []
    first, *others = asked.groups
    limit = f' AND "case_id" < {int(before)}' if before else ""
    newest = (
        f'SELECT DISTINCT "case_id" FROM "cases_posting" WHERE "term" IN ({_marks(first)}){limit}'
        f' ORDER BY "case_id" DESC LIMIT {DEEP}'
    )
    also = "".join(
        ' AND EXISTS (SELECT 1 FROM "cases_posting" o WHERE o."case_id" = d."case_id"'
        f' AND o."term" IN ({_marks(group)}))'
        for group in others
    )
    sql = f'SELECT d."case_id" FROM ({newest}) d WHERE 1 = 1{also} ORDER BY d."case_id" DESC LIMIT {int(most)}'
    with connection.cursor() as cursor:
        cursor.execute(sql, [*first, *(key for group in others for key in group)])
        return [row[0] for row in cursor.fetchall()]


def looked_through(asked: Asked, *, before: int = 0) -> int | None:
    """Give the id below which `candidates` did not look; None where it looked through all there is. One statement."""
    if asked.nothing or not asked.groups:
        return None
    first = asked.groups[0]
    limit = f' AND "case_id" < {int(before)}' if before else ""
    newest = (
        f'SELECT DISTINCT "case_id" FROM "cases_posting" WHERE "term" IN ({_marks(first)}){limit}'
        f' ORDER BY "case_id" DESC LIMIT 1 OFFSET {DEEP - 1}'
    )
    with connection.cursor() as cursor:
        cursor.execute(newest, list(first))
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _marks(group: Sequence[int]) -> str:
    return ", ".join(["%s"] * len(group))
