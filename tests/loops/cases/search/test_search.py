"""Cases are found by number, words, place and matter; by mistyped words; never by words that were erased."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from django.db import connection, transaction

from cityloop.loops.cases import queries
from cityloop.loops.cases.models import Case, Posting, Term
from cityloop.loops.cases.queries import Wanted
from cityloop.loops.cases.search import actions, tasks
from cityloop.loops.cases.search.actions import index, key_of
from cityloop.loops.cases.search.queries import read
from cityloop.town.ledger.tasks import sequence_and_seal
from cityloop.town.orgs import authority
from cityloop.town.persons.actions import erase_person, erase_words
from cityloop.town.persons.models import Person
from cityloop.town.persons.renewing import renew_keys
from tests.town.staff import BY


@pytest.fixture
def find(town):
    def found(text: str, who: str = "dispatcher", **wanted) -> list[int]:
        scope = authority.scope(town.accounts[who], town.at)
        return [case.pk for case in queries.with_words(scope, Wanted(**wanted), read(text))]

    return found


def indexed() -> None:
    sequence_and_seal()
    while tasks.follow():
        pass


def test_words_place_and_matter_find_a_case(town, find):
    lamp = town.collect(words="The lamp at the bakery flickers", matter="hole", address="12 Rosewood Avenue").case
    tree = town.collect(words="路灯不亮，影响出行", address="人民路八号").case
    indexed()
    assert find("bakery") == [lamp]
    assert find("ROSEWOOD lamp") == [lamp]
    assert find("pothole") == [lamp]
    assert find("不亮") == find("路灯") == find("人民路") == [tree]
    assert find("bakery 路灯") == []


def test_a_mistyped_place_is_found_and_said(town, find):
    one = town.to("filed", address="12 Rosewood Avenue")
    indexed()
    assert find("rosewod") == find("rose") == find("Rosweood") == [one]
    assert read("rosewod").meant == (("rosewod", ("rosewood",)),)
    assert find("zzzzzzz") == []


def test_what_people_wrote_stands_nowhere_in_the_clear(town, find):
    town.to("filed", words="My neighbour Wilhelmina shouts", address="1 Hill Road")
    town.to("filed", matter="secret", address="3 Refuge Lane")
    town.collect(address="behind the Crooked House")
    indexed()
    assert find("wilhelmina")
    assert not Term.objects.filter(text="wilhelmina").exists()
    assert Term.objects.filter(text="hill").exists()
    assert find("wilhelmena") == []  # a person's word is never offered for a mistyped one
    assert find("refuge") and find("crooked")
    assert not Term.objects.filter(text__in=("refuge", "crooked")).exists()  # nor a place that not all may know


def test_newest_first_with_filters_and_authority(town, find):
    cases = [town.collect(address="Long Lane", lon=10.05 + 0.1 * (n % 2)).case for n in range(4)]
    indexed()
    assert find("long lane") == cases[::-1]
    west, east = ({c for c in cases if Case.objects.get(pk=c).unit_code.startswith(u)} for u in ("100101", "100102"))
    assert (set(find("lane", unit="100101")), set(find("lane", unit="100102"))) == (west, east) and west and east
    assert find("long lane", who="roads") == []  # a department finds only what it takes part in
    mine = town.to("dispatched", address="Long Lane")
    indexed()
    assert find("lane", who="parks") == [mine] and find("lane", who="police") == []


def test_pages_go_on_below_an_id(town, find):
    cases = [town.collect(address="Long Lane").case for _ in range(5)]
    indexed()
    scope = authority.scope(town.accounts["dispatcher"], town.at)
    first = queries.with_words(scope, Wanted(), read("lane"), most=2)
    rest = queries.with_words(scope, Wanted(), read("lane"), before=first[-1].pk, most=9)
    assert [c.pk for c in [*first, *rest]] == cases[::-1]


@pytest.mark.django_db(transaction=True)
def test_words_erased_while_they_are_being_indexed_find_nothing(town, find):
    case = town.collect(words="The bakery again").case
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            erase_words(subject=f"case:{case}", by=BY, at=town.at)
            following = other.submit(index_elsewhere, case)
            wait([following], timeout=0.5)
        following.result(timeout=20)
    assert find("bakery") == []


def index_elsewhere(case: int) -> None:
    try:
        index([case])
    finally:
        connection.close()


def test_erased_words_find_nothing(town, find):
    kept = town.collect(words="unicorn", email="a@example.org", name="A").case
    other = town.collect(words="unicorn").case
    indexed()
    assert set(find("unicorn")) == {kept, other}
    erase_words(subject=f"case:{other}", by=BY, at=town.at)
    assert find("unicorn") == [kept]


def test_erasing_a_person_takes_their_words_out_of_the_index(town, find):
    case = town.collect(email="a@example.org", name="A", words="unicorn", address="Long Lane").case
    indexed()
    assert find("unicorn") == find("lane") == [case]
    person = Person.objects.exclude(email_index="").get()
    assert erase_person(person=person, by=BY, at=town.at) == 1
    assert find("unicorn") == [] and find("lane") == [case]


def test_words_are_found_after_a_change_of_the_secret(town, find, city_secret):
    old = town.to("filed", words="unicorn", address="Long Lane")
    indexed()
    city_secret.change()
    assert find("unicorn") == find("long lane") == find("lame") == [old]
    new = town.to("filed", words="unicorn", address="Long Lane")
    indexed()
    assert find("unicorn") == find("unicorn lane") == find("lame") == [new, old]
    erase_words(subject=f"case:{old}", by=BY, at=town.at)
    assert find("unicorn") == [new]


def test_words_are_found_after_the_old_secret_is_dropped(town, find, city_secret, monkeypatch):
    cases = [town.to("filed", words="unicorn", address="Long Lane") for _ in range(3)]
    indexed()
    before, old = Posting.objects.count(), key_of("unicorn")
    city_secret.change()
    monkeypatch.setattr(actions, "AT_ONCE", 2)
    renew_keys()
    assert Posting.objects.count() == before and not Posting.objects.filter(term=old).exists()
    assert read("unicorn").groups == ((key_of("unicorn"),),)  # a key of which nothing is left is not asked for
    city_secret.drop_old()
    assert find("unicorn") == find("lame") == cases[::-1]


def test_indexing_twice_changes_nothing(town):
    town.to("handling")
    indexed()
    before = set(Posting.objects.values_list("case_id", "term"))
    index({case for case, _term in before})
    assert set(Posting.objects.values_list("case_id", "term")) == before


@pytest.mark.parametrize("text", ["\0", "'; DROP TABLE x; --", "%", "a" * 9000, "🦄", "🦄🦄", "\ud800", "²", " ", "灯"])
def test_hostile_words_find_nothing_and_break_nothing(town, find, text):
    town.collect()
    indexed()
    assert find(text) == []


def test_statements(town, find, django_assert_max_num_queries):
    town.collect(address="Long Lane")
    indexed()
    find("lane")
    with django_assert_max_num_queries(5):
        find("long lane tree")
