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
    for words in told_of_keys():
        click.echo(f"cityloop: {words}", err=True)
    out.give({"applied": steps})


def told_of_keys() -> list[str]:
    """Refuse a database that was sealed with other keys, before anything is sealed with these; tell what is missing."""
    from django.conf import settings

    from cityloop.town.ledger.queries import lacks_its_key
    from cityloop.town.persons.queries import check_keys

    told = [f"the key {key} is missing: what was sealed with it cannot be read." for key in sorted(check_keys())]
    if lacks_its_key():
        told.append(
            f"the key that this city signs with is not in {settings.HOME}/keys. Another is made and published "
            "beside it; put the folder keys of the city's home folder on each of its machines."
        )
    return told


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
