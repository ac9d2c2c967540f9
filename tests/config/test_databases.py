"""DATABASE_URL in all its forms, and the promises of durability it carries."""

from pathlib import Path

import psycopg
import pytest
from django.db import connection

from cityloop.config.databases import database
from cityloop.ground.kit.refusal import Refusal


def test_sqlite_is_the_default(tmp_path):
    found = database("", tmp_path)
    assert found["NAME"] == tmp_path / "city.sqlite3"
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_sqlite_by_path():
    assert database("sqlite:///var/lib/city%20one.sqlite3", Path("/x"))["NAME"] == Path("/var/lib/city one.sqlite3")


def test_postgresql():
    found = database("postgresql://me:se%40cret@db.example:5433/city?sslmode=require", Path("/x"))
    assert (found["NAME"], found["USER"], found["PASSWORD"]) == ("city", "me", "se@cret")
    assert (found["HOST"], found["PORT"]) == ("db.example", "5433")
    assert found["OPTIONS"]["sslmode"] == "require"


def test_postgresql_by_socket():
    assert database("postgresql://me@/city?host=/run/pg", Path("/x"))["HOST"] == "/run/pg"


def test_others_are_refused():
    with pytest.raises(Refusal, match="mysql"):
        database("mysql://x/y", Path("/x"))


@pytest.mark.parametrize("url", ["postgresql://me:p@ss/w:rd@db/city", "postgresql://me@db:port/city"])
def test_a_password_that_is_not_escaped_is_told(url):
    with pytest.raises(Refusal, match="%40"):
        database(url, Path("/x"))


@pytest.mark.django_db(transaction=True)
def test_confirmed_means_durable():
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            asked = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
            assert {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in asked} == asked
        else:
            cursor.execute("SHOW synchronous_commit")  # what the server does beneath is its keeper's to say
            assert cursor.fetchone() == ("on",)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_ended_is_replaced_before_it_is_used() -> None:
    """On PostgreSQL the pool lends one that its server has ended: none who asks notices. SQLite has no server."""
    if connection.vendor != "postgresql":
        assert connection.settings_dict["ENGINE"] == "cityloop.config.sqlite"
        return
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [old] = cursor.fetchone()
        connection.close()
        with psycopg.connect(**{**connection.get_connection_params(), "context": None}) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [old])
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            assert cursor.fetchone() != (old,)
        connection.close()
