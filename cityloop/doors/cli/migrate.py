"""`cityloop migrate`: bring the database up to this version of the code."""

import pkgutil
from pathlib import Path

import click

from cityloop.doors.cli.verb import Out, verb


@click.command()
@verb()
def migrate(out: Out) -> None:
    """Bring the database up to this version."""
    before = applied()
    if not written() <= before:  # every start asks, and seldom is there anything to do
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)
    steps = sorted(f"{app}.{name}" for app, name in applied() - before)
    out.say(f"{len(steps)} migrations applied." if steps else "Nothing to migrate.")
    out.give({"applied": steps})


def written() -> set[tuple[str, str]]:
    """List the migrations that this version of the code has."""
    from django.apps import apps

    return {
        (app.label, found.name)
        for app in apps.get_app_configs()
        for found in pkgutil.iter_modules([str(Path(app.path) / "migrations")])
    }


def applied() -> set[tuple[str, str]]:
    """List the migrations that the database has."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    return set(MigrationRecorder(connection).applied_migrations())
