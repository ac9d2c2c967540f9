"""What all verbs share: Django set up, answers for people or as JSON, refusals said plainly."""

import atexit
import faulthandler
import functools
import gc
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from cityloop.doors.cli.main import OK, USAGE
from cityloop.ground.kit.refusal import Refusal


@dataclass
class Out:
    """Where a verb answers: sentences for people, or one JSON value on standard output."""

    as_json: bool

    def say(self, words: str) -> None:
        """Tell a person something; silent with --json."""
        if not self.as_json:
            click.echo(words)

    def give(self, value: Any) -> None:
        """Give the answer for machines; silent without --json."""
        if self.as_json:
            click.echo(json.dumps(value, ensure_ascii=False, default=str))

    def refuse(self, error: Refusal) -> int:
        """Say why not, with the code to quote."""
        field = {"field": error.field} if error.field else {}
        self.give({"error": {"code": error.code, "message": str(error), **field}})
        if not self.as_json:
            click.echo(f"{error} [{error.code}]", err=True)
        return USAGE


def verb(*, django: bool = True, stays: bool = False) -> Callable[[Callable[..., int | None]], Callable[..., int]]:
    """Make a function a verb: `def command(out, ...) -> exit code or None`. Put it under @click.command().

    One that `stays` works on while the database is away for a while; any other says at once that it cannot be reached.
    """

    def wrap(function: Callable[..., int | None]) -> Callable[..., int]:
        @click.option("--json", "as_json", is_flag=True, help="Answer with one JSON value.")
        @functools.wraps(function)
        def run(*args: Any, as_json: bool, **options: Any) -> int:
            out = Out(as_json)
            try:
                if django:
                    set_up(pool=stays)
                return function(out, *args, **options) or OK
            except Refusal as error:
                return out.refuse(error)
            except Exception as error:
                if refusal := of_database(error) or of_file(error):
                    return out.refuse(refusal)
                raise

        return run

    return wrap


_TABLELESS = r'no such table|relation "\w+" does not exist'  # as SQLite and as PostgreSQL say it


def tableless(error: Exception) -> bool:
    """Whether a database said that it lacks a table; by name, for not every verb loads Django."""
    said = str(error)
    return type(error).__module__ == "django.db.utils" and re.search(_TABLELESS, said) is not None


def of_database(error: Exception) -> Refusal | None:
    """Say plainly what a database said that cannot be asked at all; by name, for not every verb loads Django."""
    if not type(error).__module__.startswith("django.db."):
        return None
    if tableless(error):
        return Refusal("cli.migrate", "The database has no tables yet: first run cityloop migrate.")
    said = str(error).strip().partition("\n")[0].rstrip(")")
    if type(error).__name__ == "NotSupportedError":
        return Refusal("cli.database.old", "This database cannot hold a city: {why}", why=said)
    if "permission denied" in said:
        return Refusal("cli.database.rights", "Make the database's user its owner; it may not do this: {why}", why=said)
    if type(error).__name__ == "OperationalError" and (why := unreached(said)):
        return Refusal("cli.database", "The database that DATABASE_URL names cannot be reached: {why}", why=why)
    return None


def of_file(error: Exception) -> Refusal | None:
    """Say plainly which file or folder that was named cannot be read or written, and why."""
    if not isinstance(error, OSError) or error.filename is None:
        return None
    return Refusal("cli.file", "{file}: {why}.", "file", file=str(error.filename), why=error.strerror or "?")


def unreached(said: str) -> str:
    """Say why there is no connection, or nothing where there is one; what the pool waited for it keeps to itself."""
    from django.db import connection

    if connection.connection is not None:
        return ""
    if connection.vendor != "postgresql":
        return f"{connection.settings_dict['NAME']}: {said}"
    import psycopg

    try:
        psycopg.connect(**{**connection.get_connection_params(), "context": None, "connect_timeout": 5}).close()
    except psycopg.Error as error:
        return str(error).strip()
    return said


def set_up(*, pool: bool = False) -> None:
    """Make Django ready; imported here because it takes time that some verbs do not need."""
    import django
    from django.apps import apps
    from django.db import connections

    if apps.ready:
        return
    faulthandler.enable()  # as in `config/asgi.py`
    gc.disable()
    try:
        django.setup()
    except OSError as error:
        if not error.filename:
            raise
        raise Refusal(
            "config.home",
            "{path} cannot be used ({why}): CITYLOOP_HOME must be a folder that this user may write to.",
            path=error.filename,
            why=error.strerror,
        ) from error
    gc.freeze()
    gc.enable()
    atexit.register(connections.close_all)  # what is frozen is not ended by itself; SQLite tidies up then
    if not pool:
        unpooled()


def unpooled() -> None:
    """Let a process that has one thread and soon ends connect by itself: a pool would wait for the database to come."""
    from django.db import connection

    connection.settings_dict["OPTIONS"].pop("pool", None)
