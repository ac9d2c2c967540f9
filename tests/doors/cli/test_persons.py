"""`cityloop persons`: what a resident may ask for, as it is typed."""

from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps

from cityloop.loops.cases.rebuilding import all_differences
from cityloop.town.ledger.queries import verify
from cityloop.town.persons.models import Words
from tests.doors.cli.typed import typed
from tests.loops.cases.smallville import Town, build

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
    assert typed("persons", "erase", str(found["person"]), "--yes") == (0, {"person": found["person"], "words": 1})
    assert typed("persons", "find", MAIL) == (1, {"persons": []})
    code, said = typed("persons", "erase", str(found["person"]), "--yes")
    assert (code, said["error"]["field"]) == (2, "number")
    assert not Words.objects.exclude(text=None).filter(subject=f"case:{taken.case}").exists()
    assert list(verify()) == [] and list(all_differences()) == []


def test_keys_are_renewed_and_nothing_is_left_to_do(town: Town) -> None:
    town.collect(email=MAIL)
    assert typed("persons", "renew-keys")[0] == 0
    assert typed("persons", "renew-keys") == (0, {"sealed": 0})


def test_words_kept_as_nobodys_become_those_of_who_said_them(town: Town) -> None:
    mine = town.collect(email=MAIL, words="My cellar is wet.").case
    stranger = town.collect(words="Nobody's.").case
    town.take(mine, "note", "shift", words="The city's.")
    Words.objects.update(person=None)
    import_module("cityloop.loops.cases.migrations.0013_words_owned").give(apps, None)
    owned = set(Words.objects.exclude(person=None).values_list("subject", "field"))
    assert owned == {(f"case:{mine}", "1:collect:words")}
    assert Words.objects.filter(subject=f"case:{stranger}").exists()
