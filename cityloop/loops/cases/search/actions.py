"""Keeping the index: what a case is found by is written anew whenever its words, place or matter change."""

from collections.abc import Iterable, Iterator, Sequence

from django.db import connection, transaction

from cityloop.loops.cases.known import is_known, street
from cityloop.loops.cases.models import SUBJECT, Case, Posting, Term
from cityloop.loops.cases.search.terms import is_han, terms
from cityloop.town.catalog import queries as catalog
from cityloop.town.persons.events import KeysRenewed, WordsErased
from cityloop.town.persons.queries import all_words_of
from cityloop.town.persons.sealing import blind, blinds
from cityloop.town.tabular.turns import one_after_another

AT_ONCE = 200  # cases of one transaction, where all are indexed anew
READ = ("pk", "address", "matter", "level", "parent", "source", "filed")
_POST = 'INSERT INTO "cases_posting" ("case_id", "term") VALUES (%s, %s) ON CONFLICT DO NOTHING'
_DROP = 'DELETE FROM "cases_posting" WHERE "case_id" = %s AND "term" = %s'
_LEARN = 'INSERT INTO "cases_term" ("text") VALUES (%s) ON CONFLICT DO NOTHING'


def key_of(term: str) -> int:
    """Give the blinded key under which a term stands in the index, an integer below 2^60."""
    return _shortened(blind("search", term))


def keys_of(term: str) -> list[int]:
    """Give the keys under which a term may stand, the current one first: of cases indexed under an older one, too."""
    return [_shortened(blinded) for blinded in blinds("search", term)]


def _shortened(blinded: str) -> int:
    return int(blinded[:15], 16)


def take_turn() -> None:
    """Let nobody else index until this transaction ends; who locks cases as well takes it before them."""
    one_after_another(["cases.search"])


@transaction.atomic
def index(ids: Iterable[int]) -> int:
    """Write anew what these cases are found by; say how many there were. Five statements and two batches.

    One at a time: between reading words and writing what finds them nobody else's erasure comes to its end.
    """
    take_turn()
    cases = list(Case.objects.filter(pk__in=list(ids)).only(*READ))
    said = all_words_of([f"{SUBJECT}:{case.pk}" for case in cases])
    wanted, public = set(), set()
    for case in cases:
        open_terms = terms(_open_text(case))
        public |= {term for term in terms(_known_text(case)) if not term.isdigit() and not is_han(term)}
        own = terms(" ".join(said.get(f"{SUBJECT}:{case.pk}", ())))
        wanted |= {(case.pk, key_of(term)) for term in {*open_terms, *own}}
    _replace([case.pk for case in cases], wanted)
    _learn(public)
    return len(cases)


def _open_text(case: Case) -> str:
    return f"{case.address} {_named(case.matter)}"


def _known_text(case: Case) -> str:
    """Give what everybody may know: to any of the staff a mistyped word is answered with these."""
    return f"{street(case) if is_known(case) else ''} {_named(case.matter)}"


def _named(code: str) -> str:
    known = catalog.current().known if catalog.has_any() else {}
    return " ".join(known[code].names.values()) if code in known else ""


def _replace(ids: Sequence[int], wanted: set[tuple[int, int]]) -> None:
    kept = set(Posting.objects.filter(case_id__in=ids).values_list("case_id", "term"))
    with connection.cursor() as cursor:
        cursor.executemany(_DROP, sorted(kept - wanted))
        cursor.executemany(_POST, sorted(wanted - kept))


def _learn(words: set[str]) -> None:
    known = set(Term.objects.filter(text__in=words).values_list("text", flat=True)) if words else set()
    if words - known:
        with connection.cursor() as cursor:
            cursor.executemany(_LEARN, [(word,) for word in sorted(words - known)])


def forget(event: WordsErased) -> None:
    """Follow an erasure: cases are no longer found by words that are gone."""
    cases = [int(key) for kind, _, key in (s.partition(":") for s in event.subjects) if kind == SUBJECT]
    if cases:
        index(cases)


def follow_keys(_event: KeysRenewed) -> None:
    """Write the whole index anew under the current key, a few cases at a time: others go on, and it may be repeated."""
    for ids in _all_cases():
        index(ids)


def _all_cases() -> Iterator[list[int]]:
    ids = [0]
    while ids := list(Case.objects.filter(pk__gt=ids[-1]).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        yield ids
