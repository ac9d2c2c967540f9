"""A user name is one, in whatever letters it is written."""

import logging

import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from cityloop.ground.kit.refusal import Refusal
from cityloop.town.persons import actions, queries
from cityloop.town.persons.rules import folded
from tests.town.staff import AT, BY, make_account

SAME = ("Anna", "anna", "ANNA", "ａｎｎａ", "an\u200bna", " anna ", "𝐀nna")  # noqa: RUF001


def test_letters_that_mean_the_same_name_are_folded():
    assert {folded(name) for name in SAME} == {"anna"}
    assert folded("Straße") == folded("STRASSE") and folded("王伟") == "王伟" and folded("é") == folded("e\u0301")
    assert folded("anne") != folded("anna") and folded("m.lee") == "m.lee"


@pytest.mark.django_db
def test_one_name_in_whatever_letters_is_one_account():
    account = make_account("Anna")
    actions.set_password(account=account, password="a long enough one", by=BY, at=AT)
    for name in SAME:
        with pytest.raises(Refusal) as refused:
            make_account(name)
        assert (refused.value.code, refused.value.field) == ("persons.username.taken", "username")
        assert queries.account_named(name) == account
        assert authenticate(username=name, password="a long enough one") == account
    assert queries.account_named("anna").username == "Anna", "it is shown as it was chosen"
    with pytest.raises(Refusal):
        make_account("\u200b")
    assert [one.username for one in queries.accounts_listed(begins="AN")] == ["Anna"]


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_names_that_differed_by_letters_alone_are_told_apart_by_a_number(caplog):
    before = [("persons", "0004_looks_by")]
    executor = MigrationExecutor(connection)
    last = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "persons"]
    executor.migrate(before)
    try:
        apps = executor.loader.project_state(before).apps
        person = apps.get_model("persons", "Person").objects.create(created=AT, key_id="x")
        accounts = apps.get_model("persons", "Account").objects
        names = [("anna", False), ("Anna", True), ("ANNA", True), ("anna-2", True), ("Bo", True)]
        for name, active in names:
            accounts.create(username=name, is_active=active, person=person, created=AT, password="!")
        with caplog.at_level(logging.WARNING, "cityloop.persons"):
            MigrationExecutor(connection).migrate(last)
    finally:
        every = MigrationExecutor(connection)
        every.migrate(every.loader.graph.leaf_nodes())  # also what rests on those undone, in other rooms
    found = {one.username: one.folded for one in queries.accounts_listed()}
    assert found == {"Anna": "anna", "anna-2": "anna-2", "ANNA-3": "anna-3", "anna-4": "anna-4", "Bo": "bo"}
    assert "ANNA" in caplog.text and "ANNA-3" in caplog.text and "Bo" not in caplog.text
