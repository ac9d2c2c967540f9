"""`cityloop persons`: what a resident may ask for, as it is typed."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from cityloop.loops.cases.history import timeline
from cityloop.loops.cases.models import Case, Report
from cityloop.loops.cases.rebuilding import all_differences
from cityloop.loops.cases.search.actions import index
from cityloop.loops.cases.search.queries import candidates, read
from cityloop.town.files.actions import attach, keep
from cityloop.town.files.models import File
from cityloop.town.files.queries import opened
from cityloop.town.ledger.models import Step
from cityloop.town.ledger.queries import verify
from cityloop.town.persons.models import Person, Words
from tests.doors.cli.typed import typed
from tests.doors.web.conftest import picture
from tests.loops.cases.smallville import Town, build
from tests.town.secret import Secret
from tests.town.staff import BY

pytestmark = pytest.mark.django_db
MAIL = "ann@example.org"


@pytest.fixture
def town(db: None, tmp_path: Path) -> Town:
    return build(tmp_path)


def test_who_asks_is_found_and_erased_and_the_ledger_stands(town: Town) -> None:
    taken = town.collect(email=MAIL, name="Ann Berg", words="My cellar is wet.")
    code, said = typed("persons", "find", MAIL)
    (found,) = said["persons"]
    assert code == 0 and found["cases"] == [taken.number]
    assert "Ann" not in str(found) and MAIL not in str(found)
    done = {"person": found["person"], "words": 1, "photos": 0, "addresses": 0}
    assert typed("persons", "erase", str(found["person"]), "--yes") == (0, done)
    assert typed("persons", "find", MAIL) == (1, {"persons": []})
    code, said = typed("persons", "erase", str(found["person"]), "--yes")
    assert (code, said["error"]["field"]) == (2, "number")
    assert not Words.objects.exclude(text=None).filter(subject=f"case:{taken.case}").exists()
    assert list(verify()) == [] and list(all_differences()) == []


def test_nothing_is_erased_for_a_program_that_does_not_say_so(town: Town) -> None:
    town.collect(email=MAIL)
    (found,) = typed("persons", "find", MAIL)[1]["persons"]
    code, said = typed("persons", "erase", str(found["person"]))
    assert (code, said["error"]["code"]) == (2, "persons.erase.yes")
    assert typed("persons", "find", MAIL)[0] == 0


def test_photos_and_addresses_go_too_where_it_is_asked(town: Town, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    sent, same, staffs = (keep(picture(), subject="", by=BY, at=town.at) for _ in range(3))
    case = town.to("handling", email=MAIL, address="12 Hill Road", photos=(sent,))
    other = town.collect(address="12 Hill Road", photos=(same,)).case
    attach(file=staffs, subject=f"case:{case}")
    town.take(case, "report_back", "parks", words="done", photos=[str(staffs.uuid)])
    index([case, other])
    person = Report.objects.get(case_id=case).person
    assert typed("persons", "erase", str(person), "--photos", "--addresses", "--yes")[1] == {
        "person": person, "words": 1, "photos": 1, "addresses": 1,
    }  # fmt: skip
    row = Case.objects.get(pk=case)
    assert (row.address, row.unit_code, row.address_salt) == ("", "100101001", None)
    assert {file.uuid for file in File.objects.all()} == {same.uuid, staffs.uuid}
    assert opened(same).read(), "the same picture, sent by somebody else"
    assert [one.photos for one in timeline(row, internal=True) if one.photos] == [(str(staffs.uuid),)]
    assert candidates(read("hill")) == [other]
    assert Step.objects.get(kind="place").data == '{"address":true,"photos":1}'
    assert sent.sha256 in Step.objects.get(subject=f"case:{case}", seq=1).data
    assert list(verify()) == [] and list(all_differences()) == []
    Case.objects.filter(pk=case).update(address="12 Hill Road")
    assert [found.code for found in all_differences()] == ["case.columns"]


def test_what_was_split_off_loses_the_address_too(town: Town) -> None:
    parent = town.to("filed", email=MAIL, address="12 Hill Road")
    town.take(parent, "split", "dispatcher", children=[{"matter": "hole"}, {"matter": "hole"}])
    child = Case.objects.filter(parent_id=parent).earliest("pk").pk
    town.take(child, "split", "dispatcher", children=[{"matter": "hole"}, {"matter": "hole"}])
    cases = set(Case.objects.values_list("pk", flat=True))
    index(cases)
    assert set(candidates(read("hill"))) == cases and len(cases) == 5
    person = Report.objects.get(case_id=parent).person
    assert typed("persons", "erase", str(person), "--addresses", "--yes")[1]["addresses"] == 5
    assert not Case.objects.exclude(address="").exists() and candidates(read("hill")) == []
    assert Step.objects.filter(kind="place", what="erased", data='{"address":true,"photos":0}').count() == 5
    assert list(verify()) == [] and list(all_differences()) == []
    Case.objects.filter(pk=child).update(address="12 Hill Road")
    assert [found.code for found in all_differences()] == ["case.columns"]


def test_keys_are_renewed_and_nothing_is_left_to_do(town: Town, city_secret: Secret) -> None:
    case = town.collect(email=MAIL, words="My cellar is wet.").case
    index([case])
    city_secret.change()
    rows = Person.objects.count() + Words.objects.count()
    assert typed("persons", "renew-keys") == (0, {"sealed": rows, "left": 0})
    assert typed("persons", "renew-keys") == (0, {"sealed": 0, "left": 0})
    city_secret.drop_old()
    assert typed("persons", "find", MAIL)[0] == 0 and candidates(read("cellar")) == [case]
    city_secret.change("a-third-one")
    city_secret.drop_old()
    code, said = typed("persons", "renew-keys")
    assert (code, said["left"]) == (1, 2), "a person and words, whose key is gone"


def test_words_kept_as_nobodys_become_those_of_who_said_them(town: Town) -> None:
    mine = town.collect(email=MAIL, words="My cellar is wet.").case
    stranger = town.collect(words="Nobody's.").case
    town.take(mine, "note", "shift", words="The city's.")
    Words.objects.update(person=None)
    import_module("cityloop.loops.cases.migrations.0013_words_owned").give(apps, None)
    owned = set(Words.objects.exclude(person=None).values_list("subject", "field"))
    assert owned == {(f"case:{mine}", "1:collect:words")}
    assert Words.objects.filter(subject=f"case:{stranger}").exists()
