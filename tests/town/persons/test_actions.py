import json

import pytest
from django.contrib.auth import authenticate
from django.db import connection

from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.loop.actor import Actor
from cityloop.town.ledger.models import Step
from cityloop.town.persons import actions, keys, queries, sealing
from cityloop.town.persons.fields import Sealed
from cityloop.town.persons.models import Account, Person, Words
from cityloop.town.persons.renewing import renew_keys
from tests.town.staff import AT, BY

pytestmark = pytest.mark.django_db
OFFICER = Actor(kind="person", role="intake_officer", person=7, post=3)


def ada(**more):
    return actions.register_person(
        at=AT, name="Ada Lovelace", phone="+44 20 7946-0000", email="Ada@Example.org", **more
    )


def raw(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        return str([[bytes(c) if isinstance(c, memoryview) else c for c in row] for row in cursor.fetchall()])


def test_nothing_personal_stands_in_the_table_or_in_print():
    ada()
    person = Person.objects.get()
    for secret in ("Ada", "7946", "example"):
        assert secret not in raw("persons_person")
        assert secret not in f"{person} {person.name} {person.email!r} {vars(person)}"


def test_found_by_exact_address_or_number_in_one_query(django_assert_num_queries):
    person = ada()
    with django_assert_num_queries(1):
        assert queries.by_email(" ADA@example.ORG") == [person]
    assert queries.by_phone("+442079460000") == [person]
    assert queries.by_email("ada@example.com") == queries.by_email("") == []


def test_who_gives_an_address_alone_is_not_taken_for_who_gave_it_with_a_name(django_assert_num_queries):
    """Else the name and number of one would be shown, if masked, beside words that anybody may have sent."""
    person = ada()
    said = actions.look(person=person, by=BY, at=AT, purpose="x")
    with django_assert_num_queries(1):
        assert actions.find_or_register(at=AT, name=said.name, phone=said.phone, email=" ADA@example.org") == person
    alone = actions.find_or_register(at=AT, email="ada@example.org")
    assert alone != person and queries.masked(alone)[:2] == ("", "")
    assert actions.find_or_register(at=AT, email="ada@example.org") == alone
    assert actions.find_or_register(at=AT, phone="+44 20 7946 0000") not in (person, alone)
    assert actions.find_or_register(at=AT, email="ada@example.org", name="Eve") not in (person, alone)
    assert len(queries.by_email("ada@example.org")) == 3


def test_masked_by_default_and_a_look_is_recorded():
    person = Person.objects.get(pk=ada().pk)
    assert queries.masked(person) == ("A** L***", "+44******0000", "a***@example.org")
    seen = actions.look(person=person, by=OFFICER, at=AT, purpose="call back about case 4")
    assert seen.name == "Ada Lovelace"
    (look,) = queries.looks(person=person.pk)
    assert (look.by_person, look.by_post, look.purpose) == (7, 3, "call back about case 4")
    with pytest.raises(Refusal) as caught:
        actions.look(person=person, by=OFFICER, at=AT, purpose=" ")
    assert caught.value.field == "purpose"
    assert queries.looks(person=person.pk).count() == 1


@pytest.mark.parametrize(("purpose", "kept"), [("a\u202eb\nc\x00", "ab c"), ("\u202e\n", None), ("x" * 300, "x" * 200)])
def test_a_purpose_is_one_line_that_reads_as_it_stands(purpose, kept):
    person = actions.register_person(at=AT, name="Anna")
    try:
        actions.look(person=person, by=OFFICER, at=AT, purpose=purpose)
    except Refusal as refusal:
        assert kept is None and refusal.field == "purpose"
    assert [look.purpose for look in queries.looks(person=person.pk)] == ([kept] if kept else [])


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("phone", "call me"),
        ("phone", "1" * 16),
        ("email", "nobody"),
        ("email", "a@b.cc\nBcc: x@y.zz"),
        ("name", "x" * 201),
    ],
)
def test_nonsense_is_refused_by_its_field(field, text):
    with pytest.raises(Refusal) as caught:
        actions.register_person(at=AT, **{field: text})
    assert caught.value.field == field


def test_words_are_kept_sealed_and_the_digest_can_be_recomputed():
    kept = actions.keep_words("case:1", "description", "My neighbour\x00 Bob")
    assert queries.words([kept.id]) == {kept.id: "My neighbour Bob"}
    assert queries.words_of("case:1") == {"description": "My neighbour Bob"}
    assert queries.digest_of(kept.id) == kept.digest
    assert "neighbour" not in raw("persons_words")
    again = actions.keep_words("case:1", "description", "My neighbour Bob")
    assert again.digest != kept.digest


def test_many_words_cost_one_statement(django_assert_num_queries):
    drafts = [actions.Draft("case:1", f"f{i}", f"text {i}") for i in range(50)]
    with django_assert_num_queries(1):
        kept = actions.keep_words_many(drafts)
    assert queries.words([kept[49].id]) == {kept[49].id: "text 49"}


def test_a_person_is_erased_with_words_salts_and_accounts_and_the_ledger_says_so():
    person = ada()
    account = actions.open_account(username="ada", password="a long password", person=person, by=BY, at=AT)
    kept = actions.keep_words("case:1", "description", "Bob", person=person.pk)
    other = actions.keep_words("case:2", "description", "not hers")
    assert authenticate(username="ada", password="a long password") == account
    assert actions.erase_person(person=person, by=OFFICER, at=AT + 5) == 1
    person.refresh_from_db()
    assert queries.masked(person) == ("", "", "")
    assert queries.words([kept.id, other.id]) == {kept.id: "", other.id: "not hers"}
    assert Words.objects.get(pk=kept.id).salt is None and queries.digest_of(kept.id) is None
    assert queries.by_email("ada@example.org") == []
    assert authenticate(username="ada", password="a long password") is None
    assert not Account.objects.filter(username="ada").exists()
    step = Step.objects.filter(subject=f"person:{person.uuid}", what="erased").get()
    assert json.loads(step.data) == {"words": 1}


def test_what_does_not_open_is_said_in_its_place_and_stops_nothing_else():
    person, kept = ada(), [actions.keep_words("case:1", field, "Bob") for field in ("a", "b", "c", "d")]
    body = raw_text(kept[0].id)
    for one, token in zip(
        kept[1:], (body[:-8] + "AAAAAAA=", "1.nosuchkey." + body.split(".")[2], "nonsense"), strict=True
    ):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE persons_words SET text = %s WHERE id = %s", [token, one.id])
    said = queries.words_of("case:1")
    assert said["a"] == "Bob" and all(said[field].startswith("[These words cannot be read") for field in "bcd")
    assert queries.all_words_of(["case:1"]) == {"case:1": ["Bob", "", "", ""]}
    Person.objects.filter(pk=person.pk).update(name=Sealed("nonsense", "x"))
    assert actions.find_or_register(at=AT, email="ada@example.org") != person
    person.refresh_from_db()
    assert queries.masked(person)[0] == "" and queries.masked(person)[2]


def raw_text(pk):
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM persons_words WHERE id = %s", [pk])
        return cursor.fetchone()[0]


def test_a_change_tells_the_ledger_which_field_but_not_what():
    person = ada()
    actions.change_person(person=person, by=OFFICER, at=AT, phone="110")
    assert queries.by_phone("110") == queries.by_email("ada@example.org") == [person]
    step = Step.objects.get(what="changed")
    assert "phone" in step.data and "110" not in step.data


def test_accounts_have_unique_names_of_sane_length():
    person = ada()
    actions.open_account(username="ada", password=None, person=person, by=BY, at=AT)
    for wrong in ("ada", "", "x" * 151):
        with pytest.raises(Refusal) as caught:
            actions.open_account(username=wrong, password=None, person=person, by=BY, at=AT)
        assert caught.value.field == "username"


@pytest.fixture
def own_keys(settings, tmp_path):
    settings.HOME, settings.CITYLOOP_CACHE_SECONDS = tmp_path, 0
    keys._ring.forget()
    yield
    keys._ring.forget()


@pytest.mark.usefixtures("own_keys")
def test_keys_are_renewed_batch_by_batch():
    person, kept = ada(), actions.keep_words("case:1", "description", "Bob")
    digest, old = queries.digest_of(kept.id), keys.current().id
    keys.add_key()
    assert queries.by_email("ada@example.org") == [person]
    assert renew_keys(batch=1) == (2, 0) and renew_keys() == (0, 0)
    assert Person.objects.get().key_id == keys.current().id != old
    assert old not in raw("persons_person") + raw("persons_words")
    assert queries.by_email("ada@example.org") == [person]
    assert Person.objects.get().email_index == sealing.blind("email", "ada@example.org")
    assert queries.words([kept.id]) == {kept.id: "Bob"} and queries.digest_of(kept.id) == digest


def test_whatever_is_sealed_opens_after_the_old_secret_is_dropped(city_secret):
    """Rows that hold no text are said to be under the new key as well; the erased stay empty."""
    person, nobody = ada(), actions.register_person(at=AT)
    kept, gone = (actions.keep_words(f"case:{n}", "description", "Bob") for n in (1, 2))
    actions.erase_words(subject="case:2", by=BY, at=AT)
    city_secret.change()
    assert renew_keys(batch=2) == (4, 0)
    city_secret.drop_old()
    assert queries.words([kept.id]) == {kept.id: "Bob"} and Words.objects.get(pk=gone.id).text is None
    assert actions.look(person=person, by=BY, at=AT, purpose="x") and queries.by_phone("+442079460000") == [person]
    assert {p.key_id for p in Person.objects.filter(pk__in=(person.pk, nobody.pk))} == {keys.current().id}
    assert queries.check_keys() == set()


def test_what_does_not_open_is_left_and_holds_up_nothing_else(city_secret):
    lost, changed, kept = (actions.keep_words("case:1", "description", text) for text in ("a", "b", "c"))
    old = keys.current().id
    Words.objects.filter(pk=lost.id).update(text=Sealed("1.000000000000.AAAA", ""))
    Words.objects.filter(pk=changed.id).update(text=Sealed(f"1.{old}.{'A' * 120}", ""))
    city_secret.change()
    assert renew_keys(batch=1) == (1, 2)
    city_secret.drop_old()
    assert queries.words([kept.id]) == {kept.id: "c"}
    assert Words.objects.get(pk=lost.id).text.token == "1.000000000000.AAAA"
