"""What all verbs share: Django set up, answers for people or as JSON, refusals said plainly."""

import functools
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


def verb(*, django: bool = True) -> Callable[[Callable[..., int | None]], Callable[..., int]]:
    """Make a function a verb: `def command(out, ...) -> exit code or None`. Put it under @click.command()."""

    def wrap(function: Callable[..., int | None]) -> Callable[..., int]:
        @click.option("--json", "as_json", is_flag=True, help="Answer with one JSON value.")
        @functools.wraps(function)
        def run(*args: Any, as_json: bool, **options: Any) -> int:
            out = Out(as_json)
            try:
                if django:
                    set_up()
                return function(out, *args, **options) or OK
            except Refusal as error:
                return out.refuse(error)
            except Exception as error:
                if not tableless(error):
                    raise
                return out.refuse(Refusal("cli.migrate", "The database has no tables yet: first run cityloop migrate."))

        return run

    return wrap


_TABLELESS = r'no such table|relation "\w+" does not exist'  # as SQLite and as PostgreSQL say it


def tableless(error: Exception) -> bool:
    """Whether a database said that it lacks a table; by name, for not every verb loads Django."""
    said = str(error)
    return type(error).__module__ == "django.db.utils" and re.search(_TABLELESS, said) is not None


def set_up() -> None:
    """Make Django ready; imported here because it takes time that some verbs do not need."""
    import django

    django.setup()
